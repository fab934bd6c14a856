//! What rooms tell: guests and staff come and go.
//!
//! Somebody else may move people about, by the interface of rooms. A *call* is put back to where its state says, because that
//! is what the desks show and what the store has: a caller who is heard where nobody believes them to be is the worst that a
//! show can have. *Staff* stays where it was moved to, until it picks up or puts back a call: where they are harms nobody, and
//! whoever moved them had a reason.

use std::sync::{Arc, Weak};

use crosspoint_model::show::{CallLink, ConnectionType, ShowEvent, ShowRole, StaffView};
use crosspoint_model::signal::ServerMessage;
use crosspoint_model::{Identity, RoomId, UserView};
use crosspoint_rooms::RoomEvent;
use tokio::sync::MutexGuard;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::time::{Duration, Instant};

use crate::actor::{Actor, Claim};
use crate::entry::{Entry, Stage};
use crate::machine::{Command, Deed, Verb, Words};
use crate::names::{self, desk_room, live_room, lobby_room};
use crate::shows::{Inner, Shows};

/// So long a screener who has gone finds the caller where they left them: a page is loaded again in less.
pub(crate) const BACK_SOON: Duration = Duration::from_secs(15);

/// Follows the rooms as long as there are shows.
pub(crate) async fn follow(shows: Weak<Inner>, mut events: Receiver<RoomEvent>) {
    loop {
        let event = events.recv().await;
        let Some(shows) = shows.upgrade().map(|inner| Shows { inner }) else { return };
        match event {
            Ok(RoomEvent::ParticipantJoined { room, user }) => shows.came(&room, &user).await,
            Ok(RoomEvent::ParticipantLeft { room, user, reason }) => shows.went(&room, &user, reason).await,
            Ok(RoomEvent::RoomFinished { room, .. }) => shows.room_gone(&room.room_id).await,
            Ok(
                RoomEvent::RoomStarted { .. } | RoomEvent::TrackPublished { .. } | RoomEvent::TrackUnpublished { .. },
            ) => {}
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "looks after all shows anew");
                shows.look_after_all().await;
            }
            Err(RecvError::Closed) => return,
        }
    }
}

impl Shows {
    async fn came(&self, room: &RoomId, user: &UserView) {
        let Some((role, entry)) = self.whose(user) else {
            if Claim::of(&user.attributes).is_some_and(|claim| claim.is_dated()) {
                // With a token of a show that has ended. Gone by itself meanwhile: all the better.
                let _ = self.inner.rooms.kick(room, &user.user_id, "the show has ended");
            }
            return;
        };
        let mut stage = entry.stage.lock().await;
        match role {
            ShowRole::Guest => self.call_came(&entry, &mut stage, room, &user.user_id).await,
            ShowRole::Host | ShowRole::Screener => self.staff_came(&entry, &mut stage, role, room, user),
        }
        stage.feeds.look(self, &entry.current());
    }

    async fn went(&self, room: &RoomId, user: &UserView, reason: &'static str) {
        let Some((role, entry)) = self.whose(user) else { return };
        let mut stage = entry.stage.lock().await;
        match role {
            ShowRole::Guest => self.call_went(&entry, &mut stage, &user.user_id, reason).await,
            ShowRole::Host | ShowRole::Screener => self.staff_went(&entry, &mut stage, room, &user.user_id, reason),
        }
        if let Some(call) = room.as_str().strip_prefix(&format!("screening-{}-", entry.id)) {
            let show = entry.current();
            if show.call(call).map_or(true, |call| call.state != crosspoint_model::show::CallState::Screening) {
                self.fold(&entry.id, call);
            }
        }
        stage.feeds.look(self, &entry.current());
    }

    fn whose(&self, user: &UserView) -> Option<(ShowRole, Arc<Entry>)> {
        let claim = Claim::of(&user.attributes)?;
        let entry = self.entry(claim.show).ok()?;
        let made = entry.current().view.created_at;
        claim.is_of(&entry.id, Some(made)).then_some((claim.role, entry))
    }

    async fn call_came(&self, entry: &Arc<Entry>, stage: &mut MutexGuard<'_, Stage>, room: &RoomId, who: &Identity) {
        let show = entry.current();
        let call = who.as_str().strip_prefix("call-").and_then(|id| show.calls.get(id));
        let Some(call) = call.filter(|call| !call.state.is_over()) else {
            // With a token of a call that is over.
            let _ = self.inner.rooms.kick(room, who, "the call is over");
            return;
        };
        if self.whereabouts(&entry.id, &call.call_id, who).is_none() {
            self.fetch(entry, room, who);
        }
        let is_guest = call.connection_type == ConnectionType::Webrtc;
        let link = if is_guest { CallLink::Connected } else { call.link };
        let command = Command::Link { call: call.call_id.clone(), link };
        if let Err(refusal) = self.decide_on(entry, stage, command, &Actor::server()).await {
            tracing::debug!(show = entry.id, %refusal, "came too late");
        }
    }

    /// Moved out of the show by somebody else: back into the lobby, held, from where it is settled.
    fn fetch(&self, entry: &Entry, room: &RoomId, who: &Identity) {
        if !self.inner.rooms.present(room).iter().any(|present| present.identity == *who) {
            return;
        }
        let lobby = names::room(&lobby_room(&entry.id));
        if let Err(refusal) = self.inner.rooms.move_to(room, who, &lobby, Some(true)) {
            tracing::warn!(show = entry.id, participant = %who, %refusal, "a call could not be fetched back");
        }
    }

    async fn call_went(
        &self,
        entry: &Arc<Entry>,
        stage: &mut MutexGuard<'_, Stage>,
        who: &Identity,
        reason: &'static str,
    ) {
        let show = entry.current();
        let call = who.as_str().strip_prefix("call-").and_then(|id| show.calls.get(id));
        let Some(call) = call.filter(|call| !call.state.is_over()) else { return };
        let id = call.call_id.clone();
        if reason == "moved" || self.whereabouts(&entry.id, &id, who).is_some() {
            return;
        }
        let is_guest = call.connection_type == ConnectionType::Webrtc;
        let put_out = || Command::Act {
            call: id.clone(),
            verb: Verb::Drop,
            words: Words { reason: Some("was put out of the room".into()), ..Words::default() },
        };
        let command = match (is_guest, reason) {
            (true, "left") => Command::Over { call: id.clone(), reason: "hung up".into() },
            (true, "kicked") => put_out(),
            (true, _) => Command::Link { call: id.clone(), link: CallLink::Lost },
            // Its socket tells of its end by itself.
            (false, "kicked") if call.link == CallLink::Connected => put_out(),
            (false, _) => return,
        };
        if let Err(refusal) = self.decide_on(entry, stage, command, &Actor::server()).await {
            tracing::debug!(show = entry.id, %refusal, "came too late");
        }
    }

    fn staff_came(&self, entry: &Arc<Entry>, stage: &mut Stage, role: ShowRole, room: &RoomId, user: &UserView) {
        let identity = user.user_id.to_string();
        let name = if user.name.is_empty() { identity.clone() } else { user.name.clone() };
        let view = StaffView { identity: identity.clone(), name, role, room: room.to_string() };
        stage.departed.remove(&identity);
        let mut show = (*entry.current()).clone();
        let is_news = show.staff.get(&identity).is_none_or(|known| *known != view);
        show.staff.insert(identity.clone(), view);
        let has_call = show.call_of_screener(&identity).is_some();
        let is_in_screening = room.as_str().starts_with(&format!("screening-{}-", entry.id));
        let show = entry.commit(show);
        let snapshot = ServerMessage::Show { show_id: entry.id.clone(), event: Box::new(show.snapshot()) };
        self.inner.rooms.tell(room, &user.user_id, &snapshot);
        if has_call || is_in_screening {
            self.carry_out(entry, stage, &show, &[Deed::SettleStaff(identity)]);
        }
        if is_news {
            self.tell_staff(entry);
        }
    }

    fn staff_went(&self, entry: &Entry, stage: &mut Stage, room: &RoomId, who: &Identity, reason: &'static str) {
        let mut show = (*entry.current()).clone();
        let was_here = show.staff.get(who.as_str()).is_some_and(|staff| staff.room == room.as_str());
        if reason == "moved" || !was_here {
            return;
        }
        show.staff.remove(who.as_str());
        entry.commit(show);
        stage.departed.insert(who.to_string(), Instant::now() + BACK_SOON);
        self.tell_staff(entry);
    }

    fn tell_staff(&self, entry: &Entry) {
        let show = entry.current();
        let staff = show.staff.values().cloned().collect();
        self.tell(entry, &show, &[ShowEvent::Staff { staff }]);
    }

    /// A room of a show was closed, by whomever: it is made anew, and who belongs there will come in right.
    async fn room_gone(&self, room: &RoomId) {
        let show = ["live-", "lobby-", "desk-"].iter().find_map(|kind| room.as_str().strip_prefix(kind));
        let Some(entry) = show.and_then(|show| self.entry(show).ok()) else { return };
        let mut stage = entry.stage.lock().await;
        let show = entry.current();
        if show.view.ended_at.is_none() {
            self.prepare_rooms(&show);
            self.settle_all(&entry, &mut stage);
        }
    }

    pub(crate) fn settle_all(&self, entry: &Arc<Entry>, stage: &mut Stage) {
        let show = entry.current();
        let deeds: Vec<Deed> = show.open_calls().map(|call| Deed::Settle(call.call_id.clone())).collect();
        self.carry_out(entry, stage, &show, &deeds);
        stage.feeds.look(self, &show);
    }

    /// Events were missed: who is there is looked up.
    async fn look_after_all(&self) {
        for entry in self.entries() {
            let show = entry.current();
            let screenings = show.open_calls().map(|call| names::screening_room(&entry.id, &call.call_id));
            let rooms =
                [live_room(&entry.id), lobby_room(&entry.id), desk_room(&entry.id)].into_iter().chain(screenings);
            let mut there: Vec<(RoomId, UserView)> = Vec::new();
            for room in rooms.map(|name| names::room(&name)) {
                for present in self.inner.rooms.present(&room) {
                    let bearer = present.bearer;
                    let view = UserView {
                        user_id: present.identity,
                        name: bearer.name,
                        metadata: bearer.metadata,
                        attributes: bearer.attributes,
                        joined_at: 0,
                    };
                    there.push((room.clone(), view));
                }
            }
            for (room, user) in &there {
                self.came(room, user).await;
            }
            let is_there = |identity: &str| there.iter().any(|(_, user)| user.user_id.as_str() == identity);
            for call in show.open_calls().filter(|call| call.link == CallLink::Connected && !is_there(&call.identity)) {
                let mut stage = entry.stage.lock().await;
                if let Ok(who) = Identity::parse(&call.identity) {
                    self.call_went(&entry, &mut stage, &who, "disconnected").await;
                }
            }
            for staff in show.staff.values().filter(|staff| !is_there(&staff.identity)) {
                let mut stage = entry.stage.lock().await;
                if let Ok(who) = Identity::parse(&staff.identity) {
                    self.staff_went(&entry, &mut stage, &names::room(&staff.room), &who, "disconnected");
                }
            }
        }
    }
}
