//! Conferences: who is in them, when they begin and end, and what is told about them (Twilio, *TwiML: Conference*). How their
//! sound is mixed is in `mix.rs`.
//!
//! A conference begins when somebody who may start it is in it and is not alone. Until then all hear the hold tone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval};

use crate::FRAME;
use crate::call::{Call, ConferenceSeat};
use crate::conference_events::Callback;
use crate::handset::Frame;
use crate::mix::{Mix, Part};
use crate::sid::sid;
use crate::verbs::Conference;
use crate::webhook::Webhooks;

/// All conferences that go on.
#[derive(Default)]
pub(crate) struct Conferences {
    rooms: Mutex<BTreeMap<String, Arc<Room>>>,
}

/// Why somebody is out of a conference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// Removed over REST.
    Removed,
    /// The conference ended.
    Ended,
}

/// One conference.
pub(crate) struct Room {
    pub(crate) sid: String,
    pub(crate) name: String,
    pub(crate) created: SystemTime,
    state: Mutex<State>,
}

/// What changes in it.
pub(crate) struct State {
    pub(crate) participants: Vec<Participant>,
    started: bool,
    ended: bool,
    beep: bool,
    pub(crate) callback: Option<Callback>,
}

/// Somebody in it.
pub(crate) struct Participant {
    pub(crate) call: Arc<Call>,
    pub(crate) how: Conference,
    pub(crate) muted: bool,
    pub(crate) hold: bool,
    pub(crate) joined: SystemTime,
    left: Option<oneshot::Sender<Left>>,
}

/// A change over REST.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Change {
    pub(crate) muted: Option<bool>,
    pub(crate) hold: Option<bool>,
}

impl Conferences {
    fn rooms(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Room>>> {
        self.rooms.lock().expect("nobody panics with the conferences in hand")
    }

    pub(crate) fn all(&self) -> Vec<Arc<Room>> {
        self.rooms().values().cloned().collect()
    }

    /// Lets a call into the conference of this name, which begins to exist if it must. None: it is full. The account's id
    /// goes into what is told.
    pub(crate) fn join(
        self: &Arc<Self>,
        webhooks: &Arc<Webhooks>,
        account: &str,
        call: &Arc<Call>,
        how: Conference,
    ) -> Option<(Arc<Room>, oneshot::Receiver<Left>)> {
        let mut rooms = self.rooms();
        let room = rooms.entry(how.name.clone()).or_insert_with(|| Room::open(&how.name));
        let mut state = room.state();
        if state.participants.len() >= how.max_participants {
            return None;
        }
        if state.callback.is_none()
            && let Some(action) = &how.status_callback
        {
            state.callback =
                Some(Callback::new(action.clone(), how.events.clone(), webhooks.clone(), Arc::downgrade(call)));
        }
        let (sender, receiver) = oneshot::channel();
        state.beep |= how.beep_on_enter;
        let (muted, joined) = (how.muted, SystemTime::now());
        state.participants.push(Participant {
            call: call.clone(),
            how,
            muted,
            hold: false,
            joined,
            left: Some(sender),
        });
        let index = state.participants.len() - 1;
        state.show(room, index);
        let starts =
            !state.started && state.participants.len() > 1 && state.participants.iter().any(|p| p.how.start_on_enter);
        state.tell(room, account, "join", "participant-join", Some(index), &[]);
        if starts {
            state.started = true;
            state.tell(room, account, "start", "conference-start", Some(index), &[]);
        }
        drop(state);
        Some((room.clone(), receiver))
    }

    /// Lets a call out, whoever wanted it. Whether it was in there.
    pub(crate) fn leave(&self, account: &str, room: &Arc<Room>, call_sid: &str, removed: bool) -> bool {
        let mut rooms = self.rooms();
        let mut state = room.state();
        let Some(index) = state.participants.iter().position(|p| p.call.sid() == call_sid) else { return false };
        let reason = if removed { "participant_updated_via_api" } else { "participant_hung_up" };
        let ends = state.participants[index].how.end_on_exit || state.participants.len() == 1;
        state.beep |= state.participants[index].how.beep_on_exit;
        state.tell(room, account, "leave", "participant-leave", Some(index), &[("ReasonParticipantLeft", reason)]);
        state.participants.remove(index).dismiss(Left::Removed);
        if ends {
            while !state.participants.is_empty() {
                let reason = [("ReasonParticipantLeft", "conference_ended_by_participant_exit")];
                state.tell(room, account, "leave", "participant-leave", Some(0), &reason);
                state.participants.remove(0).dismiss(Left::Ended);
            }
            state.ended = true;
            let reason = [("CallSidEndingConference", call_sid), ("ReasonConferenceEnded", "last-participant-left")];
            state.tell(room, account, "end", "conference-end", None, &reason);
            rooms.remove(&room.name);
        }
        true
    }
}

impl Room {
    /// A conference that has nobody in it yet, with its clock.
    fn open(name: &str) -> Arc<Self> {
        let state = State { participants: Vec::new(), started: false, ended: false, beep: false, callback: None };
        let room = Self { sid: sid("CF"), name: name.to_owned(), created: SystemTime::now(), state: Mutex::new(state) };
        let room = Arc::new(room);
        tokio::spawn(run(room.clone()));
        room
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics with a conference in hand")
    }

    /// As the provider says it: `init` until it has begun.
    pub(crate) fn status(&self) -> &'static str {
        let state = self.state();
        match (state.ended, state.started) {
            (true, _) => "completed",
            (false, true) => "in-progress",
            (false, false) => "init",
        }
    }

    /// Calls a function with those who are in it.
    pub(crate) fn participants<T>(&self, mut each: impl FnMut(&Participant) -> T) -> Vec<T> {
        self.state().participants.iter().map(&mut each).collect()
    }

    /// Changes how somebody, named by call or label, takes part. Whether there is such a one.
    pub(crate) fn change(&self, account: &str, who: &str, change: Change) -> bool {
        let mut state = self.state();
        let Some(index) = state.participants.iter().position(|participant| participant.is(who)) else { return false };
        let participant = &mut state.participants[index];
        let mut events = Vec::new();
        if let Some(muted) = change.muted.filter(|muted| *muted != participant.muted) {
            participant.muted = muted;
            events.push(("mute", if muted { "participant-mute" } else { "participant-unmute" }));
        }
        if let Some(hold) = change.hold.filter(|hold| *hold != participant.hold) {
            participant.hold = hold;
            events.push(("hold", if hold { "participant-hold" } else { "participant-unhold" }));
        }
        state.show(self, index);
        for (word, event) in events {
            state.participants[index].call.log("conference", event);
            state.tell(self, account, word, event, Some(index), &[]);
        }
        true
    }

    /// The next 20 ms of everybody in it. Whether there will be more.
    fn tick(&self, mix: &mut Mix, frames: &mut Vec<(Part, Frame)>) -> bool {
        let mut state = self.state();
        if std::mem::take(&mut state.beep) {
            mix.beep();
        }
        frames.clear();
        for participant in &state.participants {
            let mut frame = [0.0; FRAME];
            participant.call.handset().speak(&mut frame);
            frames.push((participant.part(state.started), frame));
        }
        mix.mix(frames);
        for (participant, (_, frame)) in state.participants.iter().zip(frames.iter()) {
            participant.call.handset().hear(frame);
        }
        !state.ended
    }
}

impl State {
    /// Puts into the call's own report how it takes part.
    fn show(&self, room: &Room, index: usize) {
        let participant = &self.participants[index];
        let (muted, hold) = (participant.muted, participant.hold);
        let seat = ConferenceSeat { sid: room.sid.clone(), name: room.name.clone(), muted, hold };
        participant.call.situation().conference = Some(seat);
        participant.call.changed.notify_waiters();
    }
}

impl Participant {
    pub(crate) fn is(&self, who: &str) -> bool {
        self.call.sid() == who || self.how.label.as_deref() == Some(who)
    }

    fn part(&self, started: bool) -> Part {
        match () {
            () if !started && self.how.wait_in_silence => Part::Silence,
            () if !started || self.hold => Part::Waiting,
            () if self.muted => Part::Muted,
            () => Part::Talking,
        }
    }

    /// Tells the call that it is out of here.
    fn dismiss(mut self, left: Left) {
        self.call.situation().conference = None;
        if let Some(sender) = self.left.take() {
            // A call that left by itself does not wait to be told.
            let _ = sender.send(left);
        }
    }
}

/// The clock of a conference.
async fn run(room: Arc<Room>) {
    let mut clock = interval(Duration::from_millis(20));
    clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut mix, mut frames) = (Mix::new(), Vec::new());
    loop {
        clock.tick().await;
        if !room.tick(&mut mix, &mut frames) {
            return;
        }
    }
}
