//! What telephone companies tell of their conferences: who has fallen into one, and who has left it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crosspoint_carrier::Trouble;
use crosspoint_model::Identity;
use crosspoint_model::show::{CallLink, CallState, CallView};
use crosspoint_rooms::{CallRef, ConferenceEvent};
use tokio::sync::MutexGuard;
use tokio::time::{Instant, sleep};

use crate::actor::Actor;
use crate::calls::is_call;
use crate::entry::{Entry, Heard, Stage, lock};
use crate::exchange::Participant;
use crate::machine::{Command, Show};
use crate::names;
use crate::shows::Shows;
use crate::telephones::{insist, is_as_wanted};

/// Sound that is there comes within this time, silence included.
const DOUBT: Duration = Duration::from_secs(1);
/// So often it is looked who is in a conference.
const LOOK: Duration = Duration::from_secs(60);

impl Shows {
    pub(crate) async fn in_conference(&self, event: ConferenceEvent) {
        let name = event.name.clone();
        let Some((show, is_first)) = names::show_of_conference(&name) else {
            tracing::warn!(conference = name, event = event.event, "a conference of no show of ours");
            return;
        };
        let Ok(entry) = self.entry(show) else { return self.in_conference_of_no_show(show, event).await };
        let shows = self.clone();
        let noting = tokio::spawn(async move {
            let mut stage = entry.stage.lock().await;
            shows.note_conference(&entry, &mut stage, event, is_first).await;
        });
        // A panic in there was logged, and cost this event.
        let _ = noting.await;
    }

    /// Somebody was led to a show that is over: nobody would come. Asked anew, they are told so, or led to the show that has their
    /// number now. Of a fixed document, which tells nobody, this is heard where somebody else brought the callback along.
    async fn in_conference_of_no_show(&self, show: &str, event: ConferenceEvent) {
        if event.event != "participant-join" {
            return;
        }
        tracing::info!(conference = event.name, call = event.call.sid, "somebody is in the conference of no show");
        let (shows, show) = (self.clone(), show.to_owned());
        tokio::spawn(async move {
            if let Err(trouble) = insist(|| shows.lead(&event.call, &show)).await
                && trouble != Trouble::Gone
            {
                tracing::warn!(show, %trouble, "who waits for a show that is over could not be told");
            }
        });
    }

    async fn note_conference(
        &self,
        entry: &Arc<Entry>,
        stage: &mut MutexGuard<'_, Stage>,
        event: ConferenceEvent,
        is_first: bool,
    ) {
        let ConferenceEvent { call, conference_sid: conference, event, sequence, .. } = event;
        if event == "conference-end" {
            return;
        }
        let heard = stage.conference.heard.get(&call);
        if heard.is_some_and(|heard| heard.conference == conference && sequence != 0 && sequence <= heard.sequence) {
            return;
        }
        // Events of two conferences have no common order: one that was left already says nothing of where the call is now.
        if event == "participant-leave" && heard.is_some_and(|heard| heard.conference != conference) {
            return;
        }
        // Who has left one is in none.
        let is_first = is_first || event == "participant-leave";
        stage.conference.heard.insert(call.clone(), Heard { conference, is_first, sequence, at: Instant::now() });
        if lock(&self.inner.tickets).host_of(&call).is_some() {
            return;
        }
        let show = entry.current();
        let known = show.open_calls().find(|view| is_call(view, &call)).cloned();
        match (event.as_str(), known) {
            ("participant-join", Some(view)) if view.link == CallLink::Connected => {
                self.doubt(entry, stage, &view).await
            }
            ("participant-join", Some(view)) => self.joined_conference(entry, stage, &view).await,
            ("participant-join", None) => self.stranger_in_conference(entry, &show, call),
            ("participant-leave", Some(view)) if view.link == CallLink::Conference => {
                let command = Command::Link { call: view.call_id, link: CallLink::Lost };
                if let Err(refusal) = self.decide_on(entry, stage, command, &Actor::server()).await {
                    tracing::debug!(show = entry.id, %refusal, "came too late");
                }
            }
            ("participant-leave", None) => entry.waits_no_more(&call),
            _ => {}
        }
    }

    /// A call whose sound is here is said to be there. Its socket is dead and does not know it yet; or what says so is late, and
    /// the call has been brought back meanwhile. The sound itself tells.
    async fn doubt(&self, entry: &Arc<Entry>, stage: &mut MutexGuard<'_, Stage>, view: &CallView) {
        let Some(figures) = stage.lines.get(&view.call_id).map(|line| Arc::clone(&line.figures)) else {
            return self.joined_conference(entry, stage, view).await;
        };
        let before = figures.frames.load(Ordering::Relaxed);
        let (shows, entry, id) = (self.clone(), Arc::clone(entry), view.call_id.clone());
        tokio::spawn(async move {
            sleep(DOUBT).await;
            if figures.frames.load(Ordering::Relaxed) > before {
                return;
            }
            let mut stage = entry.stage.lock().await;
            // The line that came meanwhile, if one did, is another one.
            let is_it = stage.lines.get(&id).is_some_and(|line| Arc::ptr_eq(&line.figures, &figures));
            let show = entry.current();
            if let Ok(view) = show.call(&id)
                && (is_it || view.link != CallLink::Connected)
            {
                shows.joined_conference(&entry, &mut stage, view).await;
            }
        });
    }

    /// Whom a static document led into the conference while this server was away, and whose coming was not told, are found here.
    pub(crate) fn look_into_conference(&self, entry: &Arc<Entry>, stage: &mut Stage) {
        let now = Instant::now();
        if stage.conference.looked.is_some_and(|looked| now < looked + LOOK) {
            return;
        }
        stage.conference.looked = Some(now);
        let (shows, entry) = (self.clone(), Arc::clone(entry));
        tokio::spawn(async move {
            let since = Instant::now();
            let there = shows.inner.exchange.participants(&names::conference(&entry.id)).await;
            if there.is_empty() {
                return;
            }
            let mut stage = entry.stage.lock().await;
            for participant in there {
                shows.found(&entry, &mut stage, participant, since).await;
            }
        });
    }

    /// What was told since it was looked is newer.
    async fn found(
        &self,
        entry: &Arc<Entry>,
        stage: &mut MutexGuard<'_, Stage>,
        participant: Participant,
        since: Instant,
    ) {
        let Participant { call, conference, is_first, is_host, muted, hold } = participant;
        let known = stage.conference.heard.get(&call);
        if known.is_none_or(|known| known.conference != conference && known.at < since) {
            let heard = Heard { conference, is_first, sequence: 0, at: since };
            stage.conference.heard.insert(call.clone(), heard);
        }
        if is_host {
            // From before a restart.
            return lock(&self.inner.tickets).add_host(call, &entry.id);
        }
        if lock(&self.inner.tickets).host_of(&call).is_some() || entry.is_waiting(&call) {
            return;
        }
        let show = entry.current();
        let known = show.open_calls().find(|view| is_call(view, &call));
        match known {
            Some(view) if matches!(view.link, CallLink::Lost | CallLink::Pending) => {
                self.joined_conference(entry, stage, view).await;
            }
            // It may have come in as it was to be a while ago.
            Some(view) if view.link == CallLink::Conference => {
                if !is_as_wanted(&show, &view.call_id, muted, hold) {
                    self.settle_in_conference(entry, stage, view);
                }
            }
            Some(_) => {}
            None => self.stranger_in_conference(entry, &show, call),
        }
    }

    async fn joined_conference(&self, entry: &Arc<Entry>, stage: &mut MutexGuard<'_, Stage>, view: &CallView) {
        if let Ok(who) = Identity::parse(&view.identity)
            && view.link == CallLink::Connected
        {
            // A call is in one place: the socket is dead, and does not know it yet.
            self.make_way(entry, stage, view, &who);
        }
        let command = Command::Link { call: view.call_id.clone(), link: CallLink::Conference };
        match self.decide_on(entry, stage, command, &Actor::server()).await {
            Ok((_, show)) => {
                if let Ok(view) = show.call(&view.call_id) {
                    self.bring_back(entry, stage, view);
                }
            }
            Err(refusal) => tracing::debug!(show = entry.id, %refusal, "came too late"),
        }
    }

    /// Who was put out is hung up once more. Whom nobody knows (the server was away, all lines were busy) gets a line when there
    /// is one.
    fn stranger_in_conference(&self, entry: &Arc<Entry>, show: &Show, call: CallRef) {
        let was_dropped = |view: &CallView| is_call(view, &call) && view.state == CallState::Dropped;
        if show.calls.values().any(was_dropped) {
            self.hang_up_for_good(call);
            return;
        }
        entry.waits_for_a_line(call);
        self.let_in_from_overflow(entry);
    }
}
