//! The façade over a fake media plane, a store and a telephone company that tests have in their hands, in paused time.

mod fallback;
mod people;
mod phones;
mod restart;
mod store;
mod welcome;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use crosspoint_auth::{DEV_KEY, Keys, unix_now};
use crosspoint_carrier::{ParticipantChange, Trouble};
use crosspoint_model::show::{CallLink, CallState, CallView, CallerView, ShowEvent, ShowRole, ShowSettings};
use crosspoint_model::{Code, Identity, Refusal, RoomId};
use crosspoint_rooms::fake::FakeMedia;
use crosspoint_rooms::{
    CallDesk, CallRef, Detached, IncomingCall, JoinRequest, LineOrder, Options, Outgoing, PhoneLine, Rooms, Session,
    Task, Welcome,
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::archive::{Change, Stored};
use crate::entry::lock;
use crate::exchange::{Exchange, Participant};
use crate::records::Records;
use crate::shows::Inner;
use crate::{Actor, Role, Seat, Shows, Verb, Words};

pub(super) const SHOW: &str = "morning";

/// A server with one show.
pub(super) struct House {
    pub(super) rooms: Rooms,
    pub(super) media: Arc<FakeMedia>,
    pub(super) shows: Shows,
    pub(super) paper: Arc<Paper>,
    pub(super) company: Arc<Company>,
}

impl House {
    pub(super) async fn new() -> Self {
        Self::with(ShowSettings::default()).await
    }

    pub(super) async fn with(settings: ShowSettings) -> Self {
        let house = Self::over(Arc::default(), Arc::default()).await;
        house.shows.create(Some(SHOW.into()), settings, &Actor::operator()).await.expect("a show");
        house
    }

    /// The server over what there was before.
    pub(super) async fn over(paper: Arc<Paper>, company: Arc<Company>) -> Self {
        let (media, facts) = FakeMedia::new(2);
        let rooms = Rooms::new(Arc::clone(&media) as _, facts, Options::default());
        let inner = Inner {
            rooms: rooms.clone(),
            records: Arc::clone(&paper) as _,
            exchange: Arc::clone(&company) as _,
            player: None,
            keys: Keys::dev(),
            key: DEV_KEY.into(),
            token_lifetime: Duration::from_secs(3600),
            public_url: Some("https://show.example/".into()),
            entries: RwLock::default(),
            tickets: Mutex::default(),
            closing: Mutex::default(),
            leading: tokio::sync::Semaphore::new(crate::shows::LEADING),
            noting: tokio::sync::Mutex::default(),
        };
        let shows = Shows::start_with(inner).await.expect("starts");
        Self { rooms, media, shows, paper, company }
    }

    /// The process is killed, and another one started.
    pub(super) async fn killed(self) -> Self {
        let Self { paper, company, .. } = self;
        // What the dead one still holds writes no more.
        let paper = Arc::new(paper.copy());
        let company = Arc::new(Company {
            gone: Mutex::new(lock(&company.gone).clone()),
            in_conference: Mutex::new(lock(&company.in_conference).clone()),
            ..Company::default()
        });
        Self::over(paper, company).await
    }

    /// Somebody calls; what they are answered.
    pub(super) async fn dials(&self, sid: &str) -> Welcome {
        self.shows.incoming(incoming(sid)).await.expect("an answer")
    }

    /// Somebody calls, and their sound comes. The call's id, and the line.
    pub(super) async fn phone(&self, sid: &str) -> (String, PhoneLine) {
        let Welcome::Stream { token, call_id, .. } = self.dials(sid).await else { panic!("a stream was expected") };
        let line = self.shows.attach(call(sid), token).await.expect("attaches");
        (call_id, line)
    }

    /// The same, with the call waiting to go on the air.
    pub(super) async fn waiting(&self, sid: &str) -> (String, PhoneLine) {
        let (id, line) = self.phone(sid).await;
        self.host(Verb::Approve, &id).await;
        (id, line)
    }

    pub(super) async fn act(&self, actor: &Actor, verb: Verb, call: &str) -> Result<CallView, Refusal> {
        self.shows.command(SHOW, call, verb, Words::default(), actor).await
    }

    pub(super) async fn host(&self, verb: Verb, call: &str) -> CallView {
        self.act(&actor("host-1", Role::Host), verb, call).await.expect("may and can")
    }

    pub(super) fn call(&self, id: &str) -> CallView {
        self.shows.call(SHOW, id).expect("a call")
    }

    pub(super) fn state(&self, id: &str) -> CallState {
        self.call(id).state
    }

    pub(super) fn link(&self, id: &str) -> CallLink {
        self.call(id).link
    }

    /// Takes a seat, and comes in with it.
    pub(super) async fn sits(&self, role: ShowRole, name: &str) -> (Seat, Client) {
        let seat = self.shows.seat(SHOW, role, name, None).await.expect("a seat");
        let client = self.joins(&seat).await;
        (seat, client)
    }

    pub(super) async fn joins(&self, seat: &Seat) -> Client {
        let bearer = Keys::dev().verify(&seat.token, unix_now()).expect("a good token");
        let offer = crosspoint_rooms::fake::offer(&seat.identity, &[("0", "audio", "sendonly")]);
        let join = json!({
            "roomId": seat.room,
            "offer": { "type": "offer", "sdp": offer },
            "publish": [{ "mid": "0", "source": "microphone" }],
        });
        let join = serde_json::from_value(join).expect("a join");
        let session = self.rooms.join(JoinRequest { bearer, join, request: None, address: None }).await;
        Client { session: session.expect("comes in") }
    }

    /// In which room somebody is.
    pub(super) fn room_of(&self, who: &str) -> Option<String> {
        let rooms = self.rooms.list().into_iter().map(|room| room.room_id);
        let is_in = |room: &RoomId| self.rooms.present(room).iter().any(|present| present.identity.as_str() == who);
        rooms.into_iter().find(is_in).map(|room| room.to_string())
    }

    /// Room and hold of somebody who is heard.
    pub(super) async fn place(&self, who: &str) -> Option<(String, bool)> {
        let room = self.room_of(who)?;
        let description = self.rooms.describe(&RoomId::parse(&room).expect("a room")).await.expect("there");
        let track = description.published.iter().find(|track| track.track.user_id.as_str() == who)?;
        Some((room, track.track.held))
    }

    /// What happened in the show so far.
    pub(super) fn whats(&self) -> Vec<String> {
        let what = |event: &ShowEvent| match event {
            ShowEvent::Call { what, .. } | ShowEvent::Show { what, .. } => what.clone(),
            other => panic!("{other:?} is not kept"),
        };
        lock(&self.paper.book).events.iter().map(what).collect()
    }
}

/// Waits until something is so.
pub(super) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}: never");
        sleep(Duration::from_millis(5)).await;
    }
}

pub(super) fn call(sid: &str) -> CallRef {
    CallRef { provider: "twilio".into(), sid: sid.into() }
}

pub(super) fn incoming(sid: &str) -> IncomingCall {
    IncomingCall {
        call: call(sid),
        from: Some("+14155550100".into()),
        to: "+14155550199".into(),
        is_ours: false,
        show: None,
        media_is_up: true,
    }
}

pub(super) fn actor(identity: &str, role: Role) -> Actor {
    Actor { identity: identity.into(), name: identity.to_uppercase(), role }
}

pub(super) fn screener(seat: &Seat) -> Actor {
    actor(&seat.identity, Role::Screener)
}

pub(super) fn identity_of(call: &str) -> String {
    format!("call-{call}")
}

pub(super) fn lobby() -> String {
    format!("lobby-{SHOW}")
}

pub(super) fn live() -> String {
    format!("live-{SHOW}")
}

/// The orders that are there.
pub(super) fn orders(line: &mut PhoneLine) -> Vec<LineOrder> {
    let mut orders = Vec::new();
    while let Ok(order) = line.orders.try_recv() {
        orders.push(order);
    }
    orders
}

/// Somebody with a socket.
pub(super) struct Client {
    pub(super) session: Session,
}

impl Client {
    pub(super) async fn leaves(&self) {
        self.session.handle(serde_json::from_value(json!({ "type": "leave" })).expect("a message"));
    }

    /// Waits for an event of the show.
    pub(super) async fn hears_of_show(&self, event: &str) -> Value {
        loop {
            match self.session.next().await {
                Outgoing::Text(text) => {
                    let message: Value = serde_json::from_str(&text).expect("JSON");
                    if message["type"] == "show" && message["event"]["event"] == event {
                        assert_eq!(message["showId"], SHOW);
                        return message["event"].clone();
                    }
                }
                end @ Outgoing::Close { .. } => panic!("{event} was expected and {end:?} came"),
            }
        }
    }
}

/// A store that a test can let fail.
#[derive(Default)]
pub(super) struct Paper {
    pub(super) book: Mutex<Book>,
    pub(super) fails: AtomicBool,
    /// So long it takes. ms.
    pub(super) slow: AtomicU64,
}

#[derive(Clone, Default)]
pub(super) struct Book {
    pub(super) shows: BTreeMap<String, crosspoint_model::show::ShowView>,
    pub(super) calls: BTreeMap<String, CallView>,
    pub(super) events: Vec<ShowEvent>,
    pub(super) callers: BTreeMap<String, CallerView>,
}

impl Paper {
    fn copy(&self) -> Self {
        Self { book: Mutex::new(lock(&self.book).clone()), ..Self::default() }
    }

    fn write(&self) -> Result<std::sync::MutexGuard<'_, Book>, Refusal> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(Refusal::new(Code::StoreUnavailable, "the disk is full"));
        }
        Ok(lock(&self.book))
    }
}

impl Records for Paper {
    fn load(&self) -> Task<'_, Result<Vec<Stored>, Refusal>> {
        Box::pin(async {
            let book = lock(&self.book);
            let of = |show: &str| book.calls.values().filter(|call| call.show_id == show).cloned().collect();
            let shows = book.shows.values().filter(|show| show.ended_at.is_none());
            let seq = book.events.len() as u64;
            Ok(shows
                .map(|show| Stored { show: show.clone(), calls: of(&show.show_id), seq, opened_at: None })
                .collect())
        })
    }

    fn save(&self, change: Change) -> Task<'_, Result<(), Refusal>> {
        Box::pin(async {
            sleep(Duration::from_millis(self.slow.load(Ordering::Relaxed))).await;
            let mut book = self.write()?;
            if let Some(show) = change.show {
                book.shows.insert(show.show_id.clone(), show);
            }
            for call in change.calls {
                book.calls.insert(call.call_id.clone(), call);
            }
            book.events.extend(change.events);
            Ok(())
        })
    }

    fn caller<'a>(&'a self, number: &'a str) -> Task<'a, Result<Option<CallerView>, Refusal>> {
        Box::pin(async { Ok(lock(&self.book).callers.get(number).cloned()) })
    }

    fn save_caller(&self, caller: CallerView) -> Task<'_, Result<(), Refusal>> {
        Box::pin(async {
            self.write()?.callers.insert(caller.number.clone(), caller);
            Ok(())
        })
    }

    fn history<'a>(
        &'a self,
        _show: &'a str,
        _call: Option<&'a str>,
        after: u64,
    ) -> Task<'a, Result<Vec<ShowEvent>, Refusal>> {
        Box::pin(async move { Ok(lock(&self.book).events.iter().skip(after as usize).cloned().collect()) })
    }
}

/// What a telephone company was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    HangUp(String),
    Redirect(String),
    Dial(String),
    Participant { conference: String, sid: String, muted: Option<bool>, hold: Option<bool> },
}

/// A telephone company that does what it is asked, except for calls that are gone.
#[derive(Default)]
pub(super) struct Company {
    pub(super) asked: Mutex<Vec<Asked>>,
    pub(super) gone: Mutex<Vec<String>>,
    pub(super) in_conference: Mutex<Vec<String>>,
    /// So often it cannot be reached to hang up.
    pub(super) unreachable: AtomicUsize,
}

impl Company {
    pub(super) fn was_asked(&self, what: &Asked) -> bool {
        self.times(what) > 0
    }

    pub(super) fn times(&self, what: &Asked) -> usize {
        lock(&self.asked).iter().filter(|asked| *asked == what).count()
    }

    fn note(&self, sid: &str, what: Asked) -> Result<(), Trouble> {
        lock(&self.asked).push(what);
        if lock(&self.gone).iter().any(|gone| gone == sid) { Err(Trouble::Gone) } else { Ok(()) }
    }
}

impl Exchange for Company {
    fn hang_up<'a>(&'a self, call: &'a CallRef) -> Task<'a, Result<(), Trouble>> {
        Box::pin(async {
            // It takes them a while, as it does in life: what must be so before is looked at meanwhile.
            sleep(Duration::from_millis(200)).await;
            let done = self.note(&call.sid, Asked::HangUp(call.sid.clone()));
            let fails = |left: usize| left.checked_sub(1);
            match self.unreachable.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fails) {
                Ok(_) => Err(Trouble::Unreachable("no route".into())),
                Err(_) => done,
            }
        })
    }

    fn redirect<'a>(&'a self, call: &'a CallRef, _show: &'a str) -> Task<'a, Result<(), Trouble>> {
        Box::pin(async { self.note(&call.sid, Asked::Redirect(call.sid.clone())) })
    }

    fn dial<'a>(&'a self, number: &'a str, _show: &'a str) -> Task<'a, Result<CallRef, Trouble>> {
        Box::pin(async {
            self.note("", Asked::Dial(number.to_owned()))?;
            Ok(call("CA-dialled"))
        })
    }

    fn conference_sid<'a>(&'a self, _provider: &'a str, name: &'a str) -> Task<'a, Result<Option<String>, Trouble>> {
        Box::pin(async move { Ok(Some(format!("CF-{name}"))) })
    }

    fn participants<'a>(&'a self, name: &'a str) -> Task<'a, Vec<Participant>> {
        let there = lock(&self.in_conference).clone();
        let participant = move |sid: String| Participant {
            call: call(&sid),
            conference: format!("CF-{name}"),
            is_first: !name.contains('.'),
            is_host: sid.starts_with("CA-host"),
            muted: !sid.ends_with("-unmuted"),
            hold: false,
        };
        Box::pin(async move { there.into_iter().map(participant).collect() })
    }

    fn set_participant<'a>(
        &'a self,
        conference: &'a str,
        call: &'a CallRef,
        change: ParticipantChange,
    ) -> Task<'a, Result<(), Trouble>> {
        let ParticipantChange { muted, hold } = change;
        let asked = Asked::Participant { conference: conference.to_owned(), sid: call.sid.clone(), muted, hold };
        Box::pin(async move { self.note(&call.sid, asked) })
    }
}

pub(super) fn parse(who: &str) -> Identity {
    Identity::parse(who).expect("an identity")
}

pub(super) async fn lost(house: &House, sid: &str) {
    house.shows.detached(call(sid), Detached::Lost).await;
}
