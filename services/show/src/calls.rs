//! What telephone doors ask: who calls goes where, whose sound comes, whose has gone.
//!
//! | what happens | what becomes of the call |
//! |---|---|
//! | the voice webhook of a new call | `ringing`, and its sound is expected; or a goodbye |
//! | the same of a known one | back to its place, with a new token |
//! | the socket's `start` | `connected`: a tap in the room of its state |
//! | the socket's end | `lost`: it falls into the conference, and is brought back from there |
//! | the conference's `participant-join` | in the conference; with media here, it is asked back |
//! | the status webhook | over |

use std::sync::Arc;

use crosspoint_auth::unix_now;
use crosspoint_model::grant::Bearer;
use crosspoint_model::show::{CallLink, CallView, ShowMedia, ShowRole};
use crosspoint_model::{Bus, Code, Grant, Identity, Refusal, Source};
use crosspoint_rooms::{
    CallDesk, CallRef, ConferenceEvent, Detached, IncomingCall, LineFigures, LineOrder, PhoneLine, TapRequest,
    TapVoice, Task, Welcome,
};
use tokio::sync::{MutexGuard, mpsc};
use tokio::time::Instant;

use crate::actor::{Actor, Claim};
use crate::entry::{Deadline, Entry, Line, Stage, lock};
use crate::machine::{Command, Show};
use crate::names;
use crate::shows::Shows;
use crate::stage::PHONE_LOST;
use crate::telephones::reference;

/// A bearer of ours lives longer than any call.
const BEARER: u64 = 24 * 3600;

impl CallDesk for Shows {
    fn incoming(&self, call: IncomingCall) -> Task<'_, Result<Welcome, Refusal>> {
        Box::pin(self.welcome(call))
    }

    fn pin(&self, call: CallRef, digits: String) -> Task<'_, Result<Welcome, Refusal>> {
        Box::pin(async move { self.try_pin(&call, &digits).await })
    }

    fn attach(&self, call: CallRef, token: String) -> Task<'_, Result<PhoneLine, Refusal>> {
        Box::pin(async move {
            let ticket = lock(&self.inner.tickets).redeem(&token, &call)?;
            let entry = self.entry(&ticket.show)?;
            let shows = self.clone();
            // To its end, also where the socket has gone meanwhile: what is told is true, and the clock finds the dead line.
            let attaching = tokio::spawn(async move {
                let mut stage = entry.stage.lock().await;
                shows.attach_now(&entry, &mut stage, &ticket.call_id).await
            });
            attaching.await.unwrap_or_else(|_| Err(Refusal::new(Code::Internal, "attaching this failed")))
        })
    }

    fn keyed(&self, call: CallRef, digit: char) -> Task<'_, ()> {
        Box::pin(async move {
            if let Some((entry, view)) = self.find(&call) {
                let command = Command::Keyed { call: view.call_id, digit };
                self.happened(&entry, command).await;
            }
        })
    }

    fn detached(&self, call: CallRef, how: Detached) -> Task<'_, ()> {
        Box::pin(async move {
            let Some((entry, view)) = self.find(&call) else { return };
            let shows = self.clone();
            let detaching = tokio::spawn(async move {
                let mut stage = entry.stage.lock().await;
                shows.detach_now(&entry, &mut stage, &view.call_id, how).await;
            });
            // A panic in there was logged, and cost this line.
            let _ = detaching.await;
        })
    }

    fn completed(&self, call: CallRef, status: String) -> Task<'_, ()> {
        Box::pin(async move {
            lock(&self.inner.tickets).forget_call(&call);
            for entry in self.entries() {
                entry.waits_no_more(&call);
            }
            let Some((entry, view)) = self.find(&call) else { return };
            let reason = match status.as_str() {
                "completed" => "hung up".to_owned(),
                other => format!("the telephone company says: {other}"),
            };
            self.is_over(&entry, &view.call_id, &reason).await;
        })
    }

    fn conference(&self, event: ConferenceEvent) -> Task<'_, ()> {
        Box::pin(self.in_conference(event))
    }
}

impl Shows {
    /// A call that is not over.
    pub(crate) fn find(&self, call: &CallRef) -> Option<(Arc<Entry>, CallView)> {
        self.entries().into_iter().find_map(|entry| {
            let show = entry.current();
            let view = show.open_calls().find(|view| is_call(view, call)).cloned();
            view.map(|view| (entry, view))
        })
    }

    /// What has happened is written down; nothing, where the call is over meanwhile.
    pub(crate) async fn happened(&self, entry: &Arc<Entry>, command: Command) {
        if let Err(refusal) = self.decide(entry, command, &Actor::server()).await {
            tracing::debug!(show = entry.id, %refusal, "came too late");
        }
    }

    /// The tap comes in held or free as its state says, before anything of it is heard.
    async fn attach_now(
        &self,
        entry: &Arc<Entry>,
        stage: &mut MutexGuard<'_, Stage>,
        id: &str,
    ) -> Result<PhoneLine, Refusal> {
        let show = entry.current();
        let call = show.call(id)?;
        let over = || Refusal::new(Code::CallState, "the call is over");
        let place = names::place_of(call).ok_or_else(over)?;
        if show.view.media == ShowMedia::Conference {
            let detail = "the telephone company's conference carries this show";
            return Err(Refusal::new(Code::MediaUnavailable, detail));
        }
        self.ensure(&entry.id, &names::live_room(&entry.id))?;
        let room = self.ensure(&entry.id, &place.room)?;
        let who = Identity::parse(&call.identity)?;
        self.make_way(entry, stage, call, &who);
        self.inner.rooms.hold_coming(&room, &who, place.held)?;
        self.inner.rooms.voice_coming(&room, &who, &show.view.settings.caller_voice)?;
        let tap = self.inner.rooms.tap(&TapRequest {
            bearer: bearer(&show, call),
            room,
            hears: Some(Bus::Programme),
            speaks: Some(TapVoice::of(Source::Phone)),
            is_service: false,
        })?;
        let (orders, receiver) = mpsc::unbounded_channel();
        let figures = Arc::new(LineFigures::default());
        let sockets = stage.lines.get(id).map_or(0, |line| line.sockets) + 1;
        stage.lines.insert(id.to_owned(), Line { orders, figures: Arc::clone(&figures), sockets, was_dead: false });
        let command = Command::Link { call: id.to_owned(), link: CallLink::Connected };
        let told = self.decide_on(entry, stage, command, &Actor::server()).await;
        // Where the store fails it has happened all the same, and is kept later: no reason to send the caller away.
        if let Err(refusal) = told
            && refusal.code != Code::StoreUnavailable
        {
            return Err(refusal);
        }
        Ok(PhoneLine { tap, orders: receiver, figures })
    }

    /// A socket before this one may not have noticed yet that it is dead.
    pub(crate) fn make_way(&self, entry: &Entry, stage: &Stage, call: &CallView, who: &Identity) {
        stage.order(&call.call_id, LineOrder::Close);
        if let Some(room) = self.whereabouts(&entry.id, &call.call_id, who) {
            // Gone by itself meanwhile: all the better.
            let _ = self.inner.rooms.send_away(&room, who, "the call came again");
        }
        self.expect_no_more(&entry.id, &call.call_id, who);
    }

    pub(crate) async fn detach_now(
        &self,
        entry: &Arc<Entry>,
        stage: &mut MutexGuard<'_, Stage>,
        id: &str,
        how: Detached,
    ) {
        let Some(line) = stage.lines.get_mut(id) else { return };
        line.sockets = line.sockets.saturating_sub(1);
        if line.sockets > 0 {
            // It was an old one: another has taken its place.
            return;
        }
        stage.lines.remove(id);
        let show = entry.current();
        if !show.call(id).is_ok_and(|call| call.link == CallLink::Connected && !call.state.is_over()) {
            return;
        }
        let command = Command::Link { call: id.to_owned(), link: CallLink::Lost };
        if let Err(refusal) = self.decide_on(entry, stage, command, &Actor::server()).await {
            tracing::debug!(show = entry.id, call = id, %refusal, "came too late");
        }
        if how == Detached::Stopped {
            let since = Instant::now();
            // A redirect that somebody else asked for, or the caller has hung up: the company says so when it is asked.
            let deadline = Deadline { link: CallLink::Lost, since, at: since + PHONE_LOST, reason: "hung up" };
            stage.deadlines.insert(id.to_owned(), deadline);
        }
    }
}

pub(crate) fn is_call(view: &CallView, call: &CallRef) -> bool {
    view.call_sid.as_deref() == Some(&call.sid) && reference(view).as_ref() == Some(call)
}

/// It may be in every room of the show, and administers none. Its name and number are nobody's business but the staff's: the
/// desks have them from the call, and other callers see "Caller".
fn bearer(show: &Show, call: &CallView) -> Bearer {
    Bearer {
        identity: call.identity.clone(),
        name: "Caller".to_owned(),
        attributes: Claim::attributes(ShowRole::Guest, &show.view),
        grant: Grant { room_join: true, can_publish_data: Some(false), ..Grant::default() },
        expires: unix_now() + BEARER,
        ..Bearer::default()
    }
}
