//! The shows in numbers.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use crosspoint_model::show::{CallLink, ConnectionType};

use crate::shows::Shows;

/// The shows in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Shows that have not ended.
    pub shows: usize,
    /// Of those, how many take calls.
    pub open: usize,
    /// Calls that are not over, by the word of their state.
    pub calls: BTreeMap<&'static str, usize>,
    /// Of those, telephones whose sound is here.
    pub lines: usize,
    /// Of those, telephones that are in a conference.
    pub in_conference: usize,
    /// The longest backlog of a line, milliseconds.
    pub worst_backlog_ms: u32,
    /// The sum of all backlogs, milliseconds.
    pub backlog_ms: u64,
    /// Frames of callers that had to be made up or were left out, of the lines that are here.
    pub concealed: u64,
    /// Events that the store has not taken yet.
    pub unsaved: usize,
}

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
