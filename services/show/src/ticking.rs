//! What time brings: calls that do not come back are given up, what failed is tried again, lines are reported.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use crosspoint_model::Code;
use crosspoint_model::show::{CallLink, LineReport, ShowEvent};
use crosspoint_rooms::Detached;
use tokio::sync::MutexGuard;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::actor::Actor;
use crate::entry::{Entry, Line, Stage};
use crate::machine::{Command, Deed};
use crate::shows::{Inner, Shows};
use crate::telephones::reference;

/// So often.
const EVERY: Duration = Duration::from_secs(1);

/// Ticks as long as there are shows.
pub(crate) async fn tick(shows: Weak<Inner>) {
    let mut clock = interval(EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        let Some(shows) = shows.upgrade().map(|inner| Shows { inner }) else { return };
        for entry in shows.entries() {
            // Somebody is at it, and may wait for a disk: the others do not wait for that. A second later will do.
            if let Ok(mut stage) = entry.stage.try_lock() {
                shows.look_after(&entry, &mut stage).await;
            }
        }
    }
}

impl Shows {
    async fn look_after(&self, entry: &Arc<Entry>, stage: &mut MutexGuard<'_, Stage>) {
        self.find_dead_lines(entry, stage).await;
        for command in due(stage, Instant::now()) {
            match self.decide_on(entry, stage, command.clone(), &Actor::server()).await {
                Ok(_) => self.hang_up_given_up(entry, &command),
                // It has happened, and is kept later.
                Err(refusal) if refusal.code == Code::StoreUnavailable => self.hang_up_given_up(entry, &command),
                Err(refusal) => tracing::debug!(show = entry.id, %refusal, "was so already"),
            }
        }
        let show = entry.current();
        if !stage.unsaved.is_empty() && self.keep(stage, &show, &[]).await.is_ok() {
            tracing::info!(show = entry.id, "the store takes what happened again");
        }
        let unsettled: Vec<Deed> = stage.unsettled.iter().cloned().collect();
        self.carry_out(entry, stage, &show, &unsettled);
        for call in show.open_calls() {
            if matches!(call.link, CallLink::Conference | CallLink::Connected) || stage.is_away_for_long(&call.call_id)
            {
                self.bring_back(entry, stage, call);
            }
        }
        self.let_in_from_overflow(entry);
        self.look_into_conference(entry, stage);
        stage.feeds.look(self, &show);
        self.report_lines(entry, stage);
    }

    /// A telephone that is given up may be in the conference, where nobody would find it any more.
    fn hang_up_given_up(&self, entry: &Arc<Entry>, command: &Command) {
        if let Command::Over { call, .. } = command
            && let Ok(view) = entry.current().call(call)
            && reference(view).is_some()
        {
            self.hang_up_later(entry, view);
        }
    }

    /// A door that went away without a word.
    async fn find_dead_lines(&self, entry: &Arc<Entry>, stage: &mut MutexGuard<'_, Stage>) {
        let is_dead = |(call, line): (&String, &Line)| line.orders.is_closed().then(|| call.clone());
        let dead: Vec<String> = stage.lines.iter().filter_map(is_dead).collect();
        for call in dead {
            if stage.lines.get_mut(&call).is_some_and(Line::is_dead_for_long) {
                if let Some(line) = stage.lines.get_mut(&call) {
                    line.sockets = 1;
                }
                self.detach_now(entry, stage, &call, Detached::Lost).await;
            }
        }
    }

    fn report_lines(&self, entry: &Entry, stage: &Stage) {
        let show = entry.current();
        if stage.lines.is_empty() || (entry.events.receiver_count() == 0 && show.staff.is_empty()) {
            return;
        }
        let report = |(call, line): (&String, &Line)| LineReport {
            call_id: call.clone(),
            backlog_ms: line.figures.backlog_ms.load(Ordering::Relaxed),
            buffer_ms: line.figures.buffer_ms.load(Ordering::Relaxed),
            jitter_ms: line.figures.jitter_ms.load(Ordering::Relaxed),
            concealed: line.figures.concealed.load(Ordering::Relaxed),
        };
        let lines = stage.lines.iter().map(report).collect();
        self.tell(entry, &show, &[ShowEvent::Lines { lines }]);
    }
}

/// Whose time is over.
fn due(stage: &mut Stage, now: Instant) -> Vec<Command> {
    let mut commands = Vec::new();
    stage.deadlines.retain(|call, deadline| {
        let is_due = deadline.at <= now;
        if is_due {
            commands.push(Command::Over { call: call.clone(), reason: deadline.reason.to_owned() });
        }
        !is_due
    });
    stage.departed.retain(|who, until| {
        let is_due = *until <= now;
        if is_due {
            commands.push(Command::Leave(who.clone()));
        }
        !is_due
    });
    commands
}
