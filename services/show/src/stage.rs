//! Carrying out what was decided: people are where they belong, what they must not hear is cleared, who is out is out.
//!
//! Each deed says what is to be looked at, not what is to be done: it compares what is with what should be, and does what is
//! missing. So it can be done twice, and late, and after somebody else has moved people about.

use std::sync::Arc;
use std::time::Duration;

use crosspoint_model::show::{CallLink, CallView, ConnectionType, ShowRole};
use crosspoint_model::{Identity, Refusal, RoomId};
use crosspoint_rooms::{LineOrder, RoomLimits, Stage as RoomStage};
use tokio::time::{Instant, sleep};

use crate::entry::{Deadline, Entry, Stage, lock};
use crate::following::BACK_SOON;
use crate::machine::{Deed, Show};
use crate::names::{self, Place, desk_room, live_room, lobby_room, screening_room};
use crate::shows::Shows;
use crate::telephones::wait_before;

/// So many people find room in each room of a show.
const PARTICIPANTS: usize = 1000;
/// So long an empty room stays: a show may be prepared the day before.
const EMPTY: Duration = Duration::from_secs(24 * 3600);
/// So long a telephone may be without sound here.
pub(crate) const PHONE_LOST: Duration = Duration::from_secs(90);
/// Who was asked to go elsewhere is asked again after a pause as if this were the second attempt.
const FIRST_PAUSE: u32 = 2;
/// So long a telephone is on its way between here and the conference at most.
const AWAY: Duration = Duration::from_secs(10);
/// So long a new call may be asked for a PIN before.
const COMING: Duration = Duration::from_secs(45);
/// So long a guest may.
const GUEST_LOST: Duration = Duration::from_secs(60);
/// A telephone call lasts no longer (Twilio's limit).
const IN_CONFERENCE: Duration = Duration::from_secs(4 * 3600);
/// So long the telephones of a show that has ended have to be hung up.
const FAREWELL: Duration = Duration::from_secs(15);
/// So often it is looked whether they are.
const LOOK: Duration = Duration::from_millis(200);

impl Shows {
    /// Does what is to be done about a decision. What fails is tried again by the clock, see `ticking.rs`.
    pub(crate) fn carry_out(&self, entry: &Arc<Entry>, stage: &mut Stage, show: &Show, deeds: &[Deed]) {
        for deed in deeds {
            if let Err(refusal) = self.carry_out_one(entry, stage, show, deed) {
                tracing::warn!(show = entry.id, ?deed, %refusal, "could not be carried out yet");
                stage.unsettled.insert(deed.clone());
            } else {
                stage.unsettled.remove(deed);
            }
        }
    }

    fn carry_out_one(&self, entry: &Arc<Entry>, stage: &mut Stage, show: &Show, deed: &Deed) -> Result<(), Refusal> {
        let call = |id: &String| show.calls.get(id);
        match deed {
            Deed::Settle(id) => call(id).map_or(Ok(()), |call| self.settle(entry, stage, show, call))?,
            Deed::SettleStaff(who) => self.settle_staff(stage, show, who)?,
            Deed::Clear(id) => stage.order(id, LineOrder::Clear),
            Deed::PutOut(id) => call(id).into_iter().for_each(|call| self.put_out(entry, stage, call)),
            Deed::Release(id) => call(id).into_iter().for_each(|call| self.release(entry, stage, call)),
            Deed::Fold(id) => self.fold(&entry.id, id),
            Deed::Redirect(id) => call(id).into_iter().for_each(|call| self.redirect_now(entry, stage, call)),
            Deed::Voices => self.set_voices(show),
            Deed::Feeds => stage.feeds.look(self, show),
            Deed::CloseRooms => self.close_rooms_later(entry, stage),
        }
        Ok(())
    }

    /// The clock asks again, but not at once.
    fn redirect_now(&self, entry: &Arc<Entry>, stage: &mut Stage, call: &CallView) {
        let due = Instant::now() + wait_before(FIRST_PAUSE);
        stage.conference.returns.insert(call.call_id.clone(), (FIRST_PAUSE, due));
        self.redirect_later(entry, call);
    }

    /// Sees that the rooms are there, and that who belongs into them and is not there yet is let in right.
    pub(crate) fn prepare_rooms(&self, show: &Show) {
        let id = &show.view.show_id;
        for name in [live_room(id), lobby_room(id), desk_room(id)] {
            if let Err(refusal) = self.ensure(id, &name) {
                tracing::warn!(show = id, room = name, %refusal, "a room of the show could not be made");
            }
        }
    }

    pub(crate) fn ensure(&self, show: &str, name: &str) -> Result<RoomId, Refusal> {
        let room = RoomId::parse(name)?;
        let live = live_room(show);
        let stage = RoomStage {
            limits: RoomLimits {
                participants: Some(PARTICIPANTS),
                empty_seconds: Some(EMPTY.as_secs()),
                ..RoomLimits::default()
            },
            near: (name != live).then(|| RoomId::parse(&live)).transpose()?,
            ..RoomStage::default()
        };
        self.inner.rooms.ensure(&room, &stage)?;
        Ok(room)
    }

    /// A call is where its state says, held or not; if it is not here now, it will come in there.
    fn settle(&self, entry: &Arc<Entry>, stage: &mut Stage, show: &Show, call: &CallView) -> Result<(), Refusal> {
        let Some(Place { room, held }) = names::place_of(call) else { return Ok(()) };
        stage.watch(call);
        self.ensure(&entry.id, &live_room(&entry.id))?;
        let there = self.ensure(&entry.id, &room)?;
        let who = Identity::parse(&call.identity)?;
        match self.whereabouts(&entry.id, &call.call_id, &who) {
            Some(here) if here == there => self.inner.rooms.hold_coming(&there, &who, held)?,
            Some(here) => {
                self.inner.rooms.voice_coming(&here, &who, &show.view.settings.caller_voice)?;
                self.inner.rooms.move_to(&here, &who, &there, Some(held))?;
            }
            None => {
                self.inner.rooms.hold_coming(&there, &who, held)?;
                self.inner.rooms.voice_coming(&there, &who, &show.view.settings.caller_voice)?;
                self.inner.rooms.expect_in(&names::room(&lobby_room(&entry.id)), &who, &there);
            }
        }
        if call.link == CallLink::Conference {
            self.settle_in_conference(entry, stage, call);
        }
        Ok(())
    }

    /// In which of the show's rooms somebody is.
    pub(crate) fn whereabouts(&self, show: &str, call: &str, who: &Identity) -> Option<RoomId> {
        let rooms = [live_room(show), lobby_room(show), screening_room(show, call), desk_room(show)];
        rooms.iter().map(|name| names::room(name)).find(|room| self.is_in(room, who))
    }

    fn is_in(&self, room: &RoomId, who: &Identity) -> bool {
        self.inner.rooms.present(room).iter().any(|present| present.identity == *who)
    }

    /// Is whoever screened a call away just now? They are of the staff until it is known that they do not come back.
    pub(crate) fn is_unattended(&self, show: &Show, call: &str) -> bool {
        let screener = show.call(call).ok().and_then(|call| call.screener.as_deref());
        let Some(staff) = screener.and_then(|screener| show.staff.get(screener)) else { return true };
        let present = self.inner.rooms.present(&names::room(&staff.room));
        !present.iter().any(|present| present.connected && present.identity.as_str() == staff.identity)
    }

    /// Who screens is with the caller, else at the desk; a host else in the live room.
    fn settle_staff(&self, stage: &mut Stage, show: &Show, who: &str) -> Result<(), Refusal> {
        let Some(staff) = show.staff.get(who) else {
            self.expect_no_talk(show, who);
            if show.call_of_screener(who).is_some() {
                // Picked up from elsewhere: who does not come leaves the caller alone, for somebody else.
                stage.departed.entry(who.to_owned()).or_insert_with(|| Instant::now() + BACK_SOON);
            }
            return Ok(());
        };
        let id = &show.view.show_id;
        let home = match staff.role {
            ShowRole::Host => live_room(id),
            _ => desk_room(id),
        };
        let place = show.call_of_screener(who).map_or_else(|| home.clone(), |call| screening_room(id, &call.call_id));
        let there = self.ensure(id, &place)?;
        let identity = Identity::parse(who)?;
        let here = RoomId::parse(&staff.room)?;
        if here == there {
            return Ok(());
        }
        if self.is_in(&here, &identity) {
            self.inner.rooms.move_to(&here, &identity, &there, Some(false))
        } else {
            // On the way already, or gone: what tells of it is on its way as well.
            self.inner.rooms.expect_in(&names::room(&home), &identity, &there);
            Ok(())
        }
    }

    /// Who has gone and talks to nobody any more comes back to the desk or into the live room, and not into a talk that is
    /// somebody else's by then.
    fn expect_no_talk(&self, show: &Show, who: &str) {
        let id = &show.view.show_id;
        if show.call_of_screener(who).is_some() {
            return;
        }
        // Nobody of another name was ever let in.
        let Ok(who) = Identity::parse(who) else { return };
        for home in [live_room(id), desk_room(id)] {
            self.inner.rooms.expect_nowhere(&names::room(&home), &who);
        }
    }

    /// The room of a call and its screener is closed once nobody is in it; else by the next who leaves.
    pub(crate) fn fold(&self, show: &str, call: &str) {
        let room = names::room(&screening_room(show, call));
        if self.inner.rooms.exists(&room) && self.inner.rooms.present(&room).is_empty() {
            // Somebody else may have closed it meanwhile.
            let _ = self.inner.rooms.close(&room, "the talk is over");
        }
    }

    fn set_voices(&self, show: &Show) {
        for call in show.open_calls() {
            let Ok(who) = Identity::parse(&call.identity) else { continue };
            let Some(room) = self.whereabouts(&show.view.show_id, &call.call_id, &who) else { continue };
            if let Err(refusal) = self.inner.rooms.voice_coming(&room, &who, &show.view.settings.caller_voice) {
                tracing::warn!(call = call.call_id, %refusal, "a voice could not be set");
            }
        }
    }

    /// Somebody put the call out: nothing of it is heard from now on. A telephone is hung up before its socket is closed, or it
    /// would fall into the conference.
    fn put_out(&self, entry: &Arc<Entry>, stage: &mut Stage, call: &CallView) {
        stage.deadlines.remove(&call.call_id);
        let Ok(who) = Identity::parse(&call.identity) else { return };
        let here = self.whereabouts(&entry.id, &call.call_id, &who);
        if call.connection_type == ConnectionType::Webrtc {
            self.expect_no_more(&entry.id, &call.call_id, &who);
            if let Some(room) = here {
                let reason = call.end_reason.as_deref().unwrap_or("the call was ended");
                // Gone by itself meanwhile: all the better.
                let _ = self.inner.rooms.kick(&room, &who, reason);
            }
            return;
        }
        if let Some(room) = here {
            let _ = self.inner.rooms.hold(&room, &who, None, true);
        }
        if call.link == CallLink::Conference {
            self.settle_in_conference(entry, stage, call);
        }
        self.hang_up_later(entry, call);
    }

    /// The call is over by itself: what is left of it is taken away.
    pub(crate) fn release(&self, entry: &Arc<Entry>, stage: &mut Stage, call: &CallView) {
        stage.deadlines.remove(&call.call_id);
        stage.conference.returns.remove(&call.call_id);
        stage.conference.turns.remove(&call.call_id);
        stage.order(&call.call_id, LineOrder::Close);
        stage.lines.remove(&call.call_id);
        let Ok(who) = Identity::parse(&call.identity) else { return };
        if let Some(room) = self.whereabouts(&entry.id, &call.call_id, &who) {
            let reason = call.end_reason.as_deref().unwrap_or("the call is over");
            // Gone by itself meanwhile: all the better.
            let _ = self.inner.rooms.send_away(&room, &who, reason);
        }
        self.expect_no_more(&entry.id, &call.call_id, &who);
        self.fold(&entry.id, &call.call_id);
        self.let_in_from_overflow(entry);
    }

    /// Nobody comes in under this name any more where it was expected.
    pub(crate) fn expect_no_more(&self, show: &str, call: &str, who: &Identity) {
        for name in [live_room(show), lobby_room(show), screening_room(show, call)] {
            self.inner.rooms.expect_nowhere(&names::room(&name), who);
        }
    }

    /// Once its telephones are hung up: a socket that ends before lets its call fall into the conference.
    fn close_rooms_later(&self, entry: &Arc<Entry>, stage: &mut Stage) {
        stage.feeds.stop();
        lock(&self.inner.closing).insert(entry.id.clone());
        // Who waits for a line, and who hosts by telephone, would sit in the company's conference for good.
        let waiting = lock(&entry.overflow).drain(..).map(|one| one.call).collect::<Vec<_>>();
        let hosts = lock(&self.inner.tickets).all_hosts(&entry.id);
        for call in waiting.into_iter().chain(hosts) {
            self.hang_up_for_good(call);
        }
        let (shows, entry) = (self.clone(), Arc::clone(entry));
        tokio::spawn(async move {
            shows.close_rooms(&entry).await;
            lock(&shows.inner.closing).remove(&entry.id);
            shows.hang_up_untold(&entry.id).await;
        });
    }

    async fn close_rooms(&self, entry: &Entry) {
        let deadline = Instant::now() + FAREWELL;
        while !entry.stage.lock().await.lines.is_empty() && Instant::now() < deadline {
            sleep(LOOK).await;
        }
        let show = entry.current();
        let id = &entry.id;
        let screenings = show.calls.keys().map(|call| screening_room(id, call));
        for name in [live_room(id), lobby_room(id), desk_room(id)].into_iter().chain(screenings) {
            // Not there: nobody was ever in it.
            let _ = self.inner.rooms.close(&names::room(&name), "the show has ended");
        }
    }

    /// Whose coming into the conference nobody told: a document that is fixed led them there.
    async fn hang_up_untold(&self, show: &str) {
        let there = self.inner.exchange.participants(&names::conference(show)).await;
        // Another show of the name finds them by itself.
        if self.entry(show).is_err() {
            there.into_iter().for_each(|participant| self.hang_up_for_good(participant.call));
        }
    }
}

impl Stage {
    /// A call whose sound is not here is given up after a while.
    fn watch(&mut self, call: &CallView) {
        let is_phone = call.connection_type == ConnectionType::MediaStream;
        let (wait, reason) = match (call.link, is_phone) {
            (CallLink::Connected, _) => {
                self.deadlines.remove(&call.call_id);
                return;
            }
            (CallLink::Pending, true) => (PHONE_LOST, "its sound never came"),
            (CallLink::Lost, true) => (PHONE_LOST, "connection lost"),
            (CallLink::Conference, _) => (IN_CONFERENCE, "was in the conference for too long"),
            (CallLink::Pending, false) => (GUEST_LOST, "did not come"),
            (CallLink::Lost, false) => (GUEST_LOST, "connection lost"),
        };
        let known = self.deadlines.get(&call.call_id).is_some_and(|deadline| deadline.link == call.link);
        if !known {
            let since = Instant::now();
            let deadline = Deadline { link: call.link, since, at: since + wait, reason };
            self.deadlines.insert(call.call_id.clone(), deadline);
        }
    }

    /// A call whose sound is not here is given up later.
    pub(crate) fn put_off(&mut self, call: &str) {
        let is_away = |deadline: &&mut Deadline| matches!(deadline.link, CallLink::Lost | CallLink::Pending);
        if let Some(deadline) = self.deadlines.get_mut(call).filter(is_away) {
            deadline.at = Instant::now() + PHONE_LOST;
        }
    }

    /// Does nobody know where its sound is, for so long that what would tell was lost?
    pub(crate) fn is_away_for_long(&self, call: &str) -> bool {
        let is_away = |deadline: &Deadline| match deadline.link {
            CallLink::Lost => deadline.since.elapsed() > AWAY,
            CallLink::Pending => deadline.since.elapsed() > COMING,
            CallLink::Connected | CallLink::Conference => false,
        };
        self.deadlines.get(call).is_some_and(is_away)
    }

    /// Tells a telephone's socket something, if it is here.
    pub(crate) fn order(&self, call: &str, order: LineOrder) {
        if let Some(line) = self.lines.get(call) {
            // The socket has ended just now, and says so itself.
            let _ = line.orders.send(order);
        }
    }
}
