//! What participants ask for besides media: subscriptions, their own description, data, and, with an admin grant, others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crosspoint_model::signal::{ServerMessage, close};
use crosspoint_model::{Code, Identity, LegKey, Preference, Refusal, RoomId, TrackId};
use crosspoint_worker::engine::Order;
use tokio::time::Instant;

use crate::Rooms;
use crate::departure::Departure;
use crate::flags::{require_admin, someone};
use crate::outbox::body;
use crate::participant::{Core, Participant};
use crate::presence::Pace;
use crate::room::{Room, State};

/// Attributes that only a token sets.
const RESERVED: &str = "crosspoint.";

impl Rooms {
    pub(crate) fn handle_subscribe(
        &self,
        core: &Arc<Core>,
        track: TrackId,
        preference: Preference,
    ) -> Result<(), Refusal> {
        core.within(|room, state| {
            check_track(state, &core.identity, track)?;
            check_sound(room, state, &core.identity, track)?;
            let me = own(state, core)?;
            if !me.bearer.grant.may_subscribe() {
                return Err(Refusal::new(Code::Forbidden, "the token does not allow to subscribe (canSubscribe)"));
            }
            me.subscriptions.insert(track.0, preference.clone());
            // Without a leg it is remembered for the one that comes.
            if let Some(leg) = me.leg.as_ref().map(|leg| leg.key) {
                self.order_leg(leg, Order::Subscribe { leg, track: track.0, preference });
            }
            Ok(())
        })
    }

    pub(crate) fn handle_unsubscribe(&self, core: &Arc<Core>, track: TrackId) -> Result<(), Refusal> {
        core.within(|_, state| {
            let me = own(state, core)?;
            // A track that has just ended is no error: the two messages may have crossed.
            me.subscriptions.remove(&track.0);
            if let Some(leg) = me.leg.as_ref().map(|leg| leg.key) {
                self.order_leg(leg, Order::Unsubscribe { leg, track: track.0 });
            }
            Ok(())
        })
    }

    pub(crate) fn handle_prefer(
        &self,
        core: &Arc<Core>,
        track: TrackId,
        preference: Preference,
    ) -> Result<(), Refusal> {
        core.within(|room, state| {
            check_track(state, &core.identity, track)?;
            check_sound(room, state, &core.identity, track)?;
            let is_audio = state.is_sound(track.0);
            let me = own(state, core)?;
            // Audio comes unasked and can be preferred (pinned) without a subscription of one's own; a fresh leg must
            // get that again as well.
            if is_audio || me.subscriptions.contains_key(&track.0) {
                me.subscriptions.insert(track.0, preference.clone());
            }
            if let Some(leg) = me.leg.as_ref().map(|leg| leg.key) {
                self.order_leg(leg, Order::Prefer { leg, track: track.0, preference });
            }
            Ok(())
        })
    }

    pub(crate) fn handle_update(
        &self,
        core: &Arc<Core>,
        name: Option<String>,
        metadata: Option<String>,
        attributes: Option<BTreeMap<String, String>>,
    ) -> Result<(), Refusal> {
        core.within(|room, state| {
            let most = self.inner.options.limits.metadata_bytes;
            let me = own(state, core)?;
            if !me.bearer.grant.may_update() {
                let detail = "the token does not allow to change one's own description (canUpdateOwnMetadata)";
                return Err(Refusal::new(Code::Forbidden, detail));
            }
            let mut view = me.view.clone();
            view.name = name.unwrap_or(view.name);
            view.metadata = metadata.unwrap_or(view.metadata);
            for (key, value) in attributes.unwrap_or_default() {
                if key.starts_with(RESERVED) {
                    let detail = format!("only a token sets attributes that begin with {RESERVED:?}");
                    return Err(Refusal::new(Code::Forbidden, detail));
                }
                if value.is_empty() {
                    view.attributes.remove(&key);
                } else {
                    view.attributes.insert(key, value);
                }
            }
            let attributes: usize = view.attributes.iter().map(|(key, value)| key.len() + value.len()).sum();
            if view.name.len() + view.metadata.len() + attributes > most {
                let detail = format!("name, metadata and attributes together are longer than {most} bytes");
                return Err(Refusal::new(Code::MessageTooLarge, detail));
            }
            me.view = view.clone();
            let message = ServerMessage::Updated { user: view };
            if me.hidden {
                me.tell(&message);
            } else {
                room.tell_others(state, None, &message, Pace::Batched);
            }
            Ok(())
        })
    }

    pub(crate) fn handle_data(
        &self,
        core: &Arc<Core>,
        to: Option<Vec<String>>,
        topic: Option<String>,
        payload: serde_json::Value,
    ) -> Result<(), Refusal> {
        core.within(|room, state| {
            let message = ServerMessage::Data { from: core.identity.to_string(), topic, payload };
            let size = body(&message).len();
            let Some(names) = to else {
                self.check_data(own(state, core)?, size, size)?;
                room.tell_others(state, Some(&core.identity), &message, Pace::Now);
                return Ok(());
            };
            let named: usize = names.iter().map(String::len).sum();
            let names: BTreeSet<String> = names.into_iter().collect();
            let most = state.participants.len();
            if names.len() > most {
                let detail = format!("`to` names more than the {most} participants of the room");
                return Err(Refusal::new(Code::InvalidRequest, detail));
            }
            self.check_data(own(state, core)?, size, named.saturating_add(size.saturating_mul(names.len())))?;
            tell_named(state, &names, &message)
        })
    }

    /// May a message of this size go out? It costs what it makes the server send.
    fn check_data(&self, me: &mut Participant, size: usize, cost: usize) -> Result<(), Refusal> {
        if !me.bearer.grant.may_send_data() {
            return Err(Refusal::new(Code::Forbidden, "the token does not allow to send data (canPublishData)"));
        }
        let most = self.inner.options.limits.data_bytes;
        if size > most {
            return Err(Refusal::new(Code::MessageTooLarge, format!("a data message has at most {most} bytes")));
        }
        if !me.data.spend_ahead(size, cost, Instant::now()) {
            let most = self.inner.options.limits.data_bytes_per_second;
            return Err(Refusal::new(Code::RateLimited, format!("at most {most} bytes of data per second")));
        }
        Ok(())
    }

    pub(crate) fn handle_kick(&self, core: &Arc<Core>, user: &str, reason: Option<&str>) -> Result<(), Refusal> {
        core.within(|room, state| {
            require_admin(room, state, &core.identity)?;
            let who = someone(state, user)?;
            self.kick_from(room, state, &who, reason.unwrap_or_default());
            Ok(())
        })
    }

    /// Puts somebody out, until their token expires.
    pub(crate) fn kick_from(&self, room: &Arc<Room>, state: &mut State, who: &Identity, reason: &str) {
        let Some(participant) = state.participants.get(who) else { return };
        participant.tell(&ServerMessage::Kicked { reason: reason.to_owned() });
        // Those who came with the same token under another name (WHIP) cannot come back with it either.
        let (sub, until) = (participant.bearer.identity.clone(), participant.bearer.expires);
        let now = crate::now_seconds();
        state.kicked.retain(|_, until| *until > now);
        let viewers: Vec<LegKey> =
            state.viewers.iter().filter(|(_, viewer)| viewer.sub == sub).map(|(leg, _)| *leg).collect();
        for leg in viewers {
            self.remove_viewer(room, state, leg, true);
        }
        let stays_out = state.kicked.entry(sub).or_default();
        *stays_out = until.max(*stays_out);
        if let Some(gone) = self.remove(room, state, who, Departure::Kicked) {
            self.inner.registry.forget_placement(gone.presence.home(), who);
            self.finish(&gone, close::KICKED, reason);
        }
    }

    pub(crate) fn handle_move(
        &self,
        core: &Arc<Core>,
        user: &str,
        to: &str,
        held: Option<bool>,
    ) -> Result<(), Refusal> {
        let to = RoomId::parse(to)?;
        let (room, who) = core.within(|room, state| {
            require_admin(room, state, &core.identity)?;
            let may = own(state, core)?.bearer.grant.may_administer(to.as_str());
            if !may {
                let detail = format!("the token does not allow to administer the room {to:?}");
                return Err(Refusal::new(Code::Forbidden, detail));
            }
            Ok((Arc::clone(room), someone(state, user)?))
        })?;
        self.move_between(&room, &who, &to, held)
    }

    pub(crate) fn handle_close_room(&self, core: &Arc<Core>, reason: Option<&str>) -> Result<(), Refusal> {
        let room = core.within(|room, state| {
            require_admin(room, state, &core.identity)?;
            Ok(Arc::clone(room))
        })?;
        self.close_by_will(&room, reason.unwrap_or_default());
        Ok(())
    }

    pub(crate) fn handle_recording(&self, core: &Arc<Core>, active: bool) -> Result<(), Refusal> {
        let (room, bearer) = core.within(|room, state| Ok((Arc::clone(room), own(state, core)?.bearer.clone())))?;
        if !bearer.grant.room_record {
            return Err(Refusal::new(Code::Forbidden, "the token does not allow to record (roomRecord)"));
        }
        let Some(recorder) = &self.inner.options.recorder else {
            return Err(Refusal::new(Code::RecordingUnavailable, "this server does not record"));
        };
        // Without the room's lock: a recorder comes into the room itself.
        if active {
            recorder.start(&room.id, &bearer)?;
        } else {
            recorder.stop(&room.id, &bearer)?;
        }
        let mut state = room.lock();
        if std::mem::replace(&mut state.recording, active) != active {
            room.tell_all(&mut state, &ServerMessage::Recording { active });
        }
        Ok(())
    }
}

fn own<'a>(state: &'a mut State, core: &Core) -> Result<&'a mut Participant, Refusal> {
    let gone = || Refusal::new(Code::SessionNotFound, "this session has ended");
    state.participants.get_mut(&core.identity).ok_or_else(gone)
}

fn check_track(state: &State, who: &Identity, track: TrackId) -> Result<(), Refusal> {
    match state.owner(track.0) {
        Some(owner) if owner == who => {
            Err(Refusal::new(Code::InvalidRequest, "one does not subscribe to one's own track"))
        }
        Some(_) => Ok(()),
        // Nobody's, and everybody's.
        None if state.is_mix(track.0) => Ok(()),
        None => Err(Refusal::new(Code::TrackNotFound, format!("there is no track {track} in the room"))),
    }
}

/// Who is on hold hears what an admin lets them hear, and nothing that they choose.
fn check_sound(room: &Room, state: &State, who: &Identity, track: TrackId) -> Result<(), Refusal> {
    if state.is_sound(track.0) && state.is_kept_from_sound(room, who) {
        let detail = "an admin decides what you hear now (listening): no sound can be chosen";
        return Err(Refusal::new(Code::Forbidden, detail));
    }
    Ok(())
}

/// Those who are there get it; the others are named to the sender.
fn tell_named(state: &State, names: &BTreeSet<String>, message: &ServerMessage) -> Result<(), Refusal> {
    let body = body(message);
    let mut absent = Vec::new();
    for name in names {
        match Identity::parse(name).ok().and_then(|who| state.participants.get(&who)) {
            Some(participant) => participant.push(&body, None, true),
            None => absent.push(name.as_str()),
        }
    }
    if absent.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(Code::TargetNotFound, format!("not in the room: {}", absent.join(", "))))
}
