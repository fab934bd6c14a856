//! The shows in numbers.

use std::sync::atomic::Ordering;

use crosspoint_model::show::{CallLink, ConnectionType};

use crate::shows::{Figures, Shows};

pub(crate) fn of(shows: &Shows) -> Figures {
    let mut figures = Figures::default();
    for entry in shows.entries() {
        let show = entry.current();
        figures.shows += 1;
        figures.open += usize::from(show.view.open);
        for call in show.open_calls() {
            *figures.calls.entry(call.state.as_str()).or_default() += 1;
            if call.connection_type == ConnectionType::MediaStream {
                figures.lines += usize::from(call.link == CallLink::Connected);
                figures.in_conference += usize::from(call.link == CallLink::Conference);
            }
        }
        // Somebody is at it: the lines are counted the next time.
        let Ok(stage) = entry.stage.try_lock() else { continue };
        figures.unsaved += stage.unsaved.len();
        for line in stage.lines.values() {
            let backlog = line.figures.backlog_ms.load(Ordering::Relaxed);
            figures.worst_backlog_ms = figures.worst_backlog_ms.max(backlog);
            figures.backlog_ms += u64::from(backlog);
            figures.concealed += line.figures.concealed.load(Ordering::Relaxed);
        }
    }
    figures
}
