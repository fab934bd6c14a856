//! One socket's hold on a participant's session: what the client says goes in through [`Session::handle`], what it is told
//! comes out of [`Session::next`].

use std::net::IpAddr;
use std::sync::Arc;

use crosspoint_model::grant::Bearer;
use crosspoint_model::signal::{ClientFrame, ClientMessage, Join, ServerMessage, close};
use crosspoint_model::{Code, Identity, Refusal, RoomId};
use tokio::sync::Notify;

use crate::Rooms;
use crate::departure::Departure;
use crate::outbox::{Outgoing, body, frame};
use crate::participant::Core;

/// Somebody wants to come in over signalling.
#[derive(Clone, Debug)]
pub struct JoinRequest {
    /// Whom the token speaks for.
    pub bearer: Bearer,
    /// The message.
    pub join: Join,
    /// Its `request`, echoed in `joined`.
    pub request: Option<u64>,
    /// From where, for the log.
    pub address: Option<IpAddr>,
}

/// One socket's hold on a participant's session. Dropping it begins the time in which the session can be resumed.
pub struct Session {
    pub(crate) rooms: Rooms,
    pub(crate) core: Arc<Core>,
    hold: u64,
    wake: Arc<Notify>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("identity", &self.core.identity).finish_non_exhaustive()
    }
}

impl Session {
    /// Takes hold of a session; `first` goes out before everything else.
    pub(crate) fn attach(
        rooms: &Rooms,
        core: &Arc<Core>,
        first: String,
        last_seq: Option<u64>,
    ) -> Result<Self, Refusal> {
        let (hold, wake) = core.outbox.attach(first, last_seq).map_err(|_| {
            Refusal::new(Code::ResumeFailed, "more messages were missed than are kept: join without `resume`")
        })?;
        Ok(Self { rooms: rooms.clone(), core: Arc::clone(core), hold, wake })
    }

    /// Whose it is.
    pub fn identity(&self) -> &Identity {
        &self.core.identity
    }

    /// The room in which the participant is now.
    pub fn room(&self) -> RoomId {
        self.core.room().id.clone()
    }

    /// Waits for what goes out next; the first is `joined`. Safe to cancel.
    pub async fn next(&self) -> Outgoing {
        loop {
            if let Some(outgoing) = self.core.outbox.take(self.hold) {
                return outgoing;
            }
            self.wake.notified().await;
        }
    }

    /// What goes out next, if it is there already: take all of these before a flush.
    pub fn try_next(&self) -> Option<Outgoing> {
        self.core.outbox.take(self.hold)
    }

    /// Carries out a message; answers and errors come through [`Self::next`].
    pub fn handle(&self, message: ClientFrame) {
        let ClientFrame { timestamp, request, message } = message;
        if let ClientMessage::Ping {} = message {
            self.pong(timestamp.as_ref(), request);
            return;
        }
        if let Err(refusal) = self.carry_out(message, request) {
            self.refuse(refusal, request);
        }
    }

    /// Tells the client that something was refused.
    pub fn refuse(&self, refusal: Refusal, request: Option<u64>) {
        let Refusal { code, detail } = refusal;
        let error = ServerMessage::Error { code, message: detail, docs: code.docs() };
        self.core.outbox.push(body(&error), request, true);
    }

    fn carry_out(&self, message: ClientMessage, request: Option<u64>) -> Result<(), Refusal> {
        let (rooms, core) = (&self.rooms, &self.core);
        match message {
            ClientMessage::Join(_) => Err(Refusal::new(Code::AlreadyJoined, "this connection has joined already")),
            ClientMessage::Leave {} => {
                self.leave();
                Ok(())
            }
            ClientMessage::Offer(negotiation) => rooms.handle_offer(core, negotiation, request),
            ClientMessage::Answer(negotiation) => rooms.handle_answer(core, negotiation),
            ClientMessage::IceCandidate(negotiation) => rooms.handle_candidate(core, negotiation),
            ClientMessage::Mute { user_id, track_id, source, muted } => {
                rooms.handle_mute(core, user_id.as_deref(), track_id, source, muted)
            }
            ClientMessage::Hold { user_id, source, held } => rooms.handle_hold(core, &user_id, source, held),
            ClientMessage::Subscribe { track_id, preference } => rooms.handle_subscribe(core, track_id, preference),
            ClientMessage::Unsubscribe { track_id } => rooms.handle_unsubscribe(core, track_id),
            ClientMessage::Prefer { track_id, preference } => rooms.handle_prefer(core, track_id, preference),
            ClientMessage::Update { name, metadata, attributes } => {
                rooms.handle_update(core, name, metadata, attributes)
            }
            ClientMessage::Data { to, topic, payload } => rooms.handle_data(core, to, topic, payload),
            ClientMessage::Kick { user_id, reason } => rooms.handle_kick(core, &user_id, reason.as_deref()),
            ClientMessage::Move { user_id, to, muted } => rooms.handle_move(core, &user_id, &to, muted),
            ClientMessage::Voice { user_id, voice } => rooms.handle_voice(core, &user_id, voice),
            ClientMessage::Listen { user_id, hears, pre_fade } => {
                rooms.handle_listen(core, user_id.as_deref(), hears, pre_fade.as_deref())
            }
            ClientMessage::Talk { to } => rooms.handle_talk(core, to.as_deref()),
            ClientMessage::CloseRoom { reason } => rooms.handle_close_room(core, reason.as_deref()),
            ClientMessage::StartRecording {} => rooms.handle_recording(core, true),
            ClientMessage::StopRecording {} => rooms.handle_recording(core, false),
            ClientMessage::Ping {} => Ok(()),
        }
    }

    fn pong(&self, timestamp: Option<&serde_json::Value>, request: Option<u64>) {
        // Only a number is echoed: `timestamp` is one in the server's messages.
        let text = match timestamp.filter(|value| value.is_number()) {
            Some(timestamp) => format!("{{\"timestamp\":{timestamp},\"type\":\"pong\"}}"),
            None => body(&ServerMessage::Pong {}).to_string(),
        };
        self.core.outbox.push_volatile(frame(None, request, &text));
    }

    fn leave(&self) {
        let core = &self.core;
        let gone = core.within(|room, state| {
            self.rooms.inner.registry.forget_placement(&core.home, &core.identity);
            Ok(self.rooms.remove(room, state, &core.identity, Departure::Left))
        });
        if let Ok(Some(gone)) = gone {
            self.rooms.finish(&gone, close::NORMAL, "left");
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.core.outbox.detach(self.hold) {
            self.rooms.wait_for_return(&self.core, self.hold);
        }
    }
}
