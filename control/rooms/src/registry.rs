//! Where everything is found: rooms by name and key, legs, sessions by their resume tokens, reports that are waited for.
//! Every lock here is held for a lookup, never longer.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use crosspoint_model::{Code, Identity, LegKey, Refusal, RoomId, RoomKey, TrackKey};
use crosspoint_worker::Traffic;
use crosspoint_worker::engine::{LegReport, TrackReport};
use tokio::sync::oneshot;

use crate::lock::{lock, read, write};
use crate::memory::{self, Memory};
use crate::participant::Core;
use crate::room::Room;
use crate::views::WorkerTotals;

/// So many who were moved come back to where they are. Those who are still there are among them, in all rooms.
const MOST_PLACEMENTS: usize = 10 * memory::MOST;

/// What a worker reported.
pub(crate) type Report = (Vec<LegReport>, Vec<TrackReport>);

/// Somebody who was moved: where its token says, who.
type Moved = (RoomId, Identity);

#[derive(Default)]
pub(crate) struct Registry {
    rooms: RwLock<HashMap<RoomId, Arc<Room>>>,
    by_key: RwLock<HashMap<RoomKey, Arc<Room>>>,
    legs: RwLock<HashMap<LegKey, Placed>>,
    resumes: Mutex<HashMap<String, Arc<Core>>>,
    /// Where those who were moved are now, so that they come back there.
    placements: Mutex<Memory<Moved, RoomId>>,
    reports: Mutex<HashMap<u64, oneshot::Sender<Report>>>,
    last_key: AtomicU64,
    load: Vec<Load>,
}

/// Where a leg is.
struct Placed {
    room: Arc<Room>,
    /// The worker that has its transport, for life. Its room may be on another one.
    home: usize,
}

#[derive(Default)]
struct Load {
    rooms: AtomicUsize,
    legs: AtomicUsize,
}

impl Registry {
    pub(crate) fn new(workers: usize) -> Self {
        let load = (0..workers).map(|_| Load::default()).collect();
        Self { last_key: AtomicU64::new(first_key()), load, ..Self::default() }
    }

    /// A number that was never given before, nor by a process before this one: after a restart, clients that come back
    /// must not take a new track for an old one.
    pub(crate) fn next_key(&self) -> u64 {
        self.last_key.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn next_track(&self) -> TrackKey {
        TrackKey(self.next_key())
    }

    /// The worker with the fewest legs; of equals the one with the fewest rooms.
    pub(crate) fn idlest_worker(&self) -> usize {
        let load = |index: &usize| {
            let load = &self.load[*index];
            (load.legs.load(Ordering::Relaxed), load.rooms.load(Ordering::Relaxed))
        };
        (0..self.load.len()).min_by_key(load).unwrap_or(0)
    }

    /// This worker, unless another one has fewer legs.
    pub(crate) fn worker_near(&self, worker: usize) -> usize {
        let idlest = self.idlest_worker();
        let legs = |index: usize| self.load.get(index).map(|load| load.legs.load(Ordering::Relaxed));
        if legs(worker) <= legs(idlest) { worker } else { idlest }
    }

    pub(crate) fn worker_totals(&self) -> Vec<WorkerTotals> {
        let totals = |load: &Load| WorkerTotals {
            rooms: load.rooms.load(Ordering::Relaxed),
            legs: load.legs.load(Ordering::Relaxed),
            traffic: Traffic::default(),
        };
        self.load.iter().map(totals).collect()
    }

    pub(crate) fn room(&self, id: &RoomId) -> Option<Arc<Room>> {
        read(&self.rooms).get(id).filter(|room| !room.is_closed()).cloned()
    }

    pub(crate) fn room_by_key(&self, key: RoomKey) -> Option<Arc<Room>> {
        read(&self.by_key).get(&key).cloned()
    }

    /// By name.
    pub(crate) fn all_rooms(&self) -> Vec<Arc<Room>> {
        let mut rooms: Vec<_> = read(&self.rooms).values().cloned().collect();
        rooms.sort_by(|a, b| a.id.cmp(&b.id));
        rooms
    }

    /// Enters a room. Gives back the one that has the name already, if there is one.
    pub(crate) fn add_room(&self, room: Arc<Room>, most: usize) -> Result<Option<Arc<Room>>, Refusal> {
        let mut rooms = write(&self.rooms);
        if let Some(known) = rooms.get(&room.id).filter(|known| !known.is_closed()) {
            return Ok(Some(Arc::clone(known)));
        }
        if rooms.len() >= most {
            return Err(Refusal::new(Code::ServerFull, format!("this server has {most} rooms, as many as it may")));
        }
        rooms.insert(room.id.clone(), Arc::clone(&room));
        drop(rooms);
        if let Some(load) = self.load.get(room.worker) {
            load.rooms.fetch_add(1, Ordering::Relaxed);
        }
        write(&self.by_key).insert(room.key, room);
        Ok(None)
    }

    pub(crate) fn remove_room(&self, room: &Arc<Room>) {
        let mut rooms = write(&self.rooms);
        // Its name may be another room's already.
        if rooms.get(&room.id).is_some_and(|known| Arc::ptr_eq(known, room)) {
            rooms.remove(&room.id);
        }
        drop(rooms);
        if write(&self.by_key).remove(&room.key).is_some()
            && let Some(load) = self.load.get(room.worker)
        {
            load.rooms.fetch_sub(1, Ordering::Relaxed);
        }
        lock(&self.placements).retain(|place| *place != room.id);
    }

    pub(crate) fn leg_room(&self, leg: LegKey) -> Option<Arc<Room>> {
        read(&self.legs).get(&leg).map(|placed| Arc::clone(&placed.room))
    }

    /// The worker that has a leg's transport.
    pub(crate) fn leg_home(&self, leg: LegKey) -> Option<usize> {
        read(&self.legs).get(&leg).map(|placed| placed.home)
    }

    /// A leg comes, into this room and onto its worker.
    pub(crate) fn place_leg(&self, leg: LegKey, room: &Arc<Room>) {
        let home = room.worker;
        write(&self.legs).insert(leg, Placed { room: Arc::clone(room), home });
        if let Some(load) = self.load.get(home) {
            load.legs.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A leg is in this room now. Its worker stays.
    pub(crate) fn move_leg(&self, leg: LegKey, room: &Arc<Room>) {
        if let Some(placed) = write(&self.legs).get_mut(&leg) {
            placed.room = Arc::clone(room);
        }
    }

    /// A leg without a transport goes from worker to worker with its room.
    pub(crate) fn rehome_leg(&self, leg: LegKey, worker: usize) {
        let before = write(&self.legs).get_mut(&leg).map(|placed| std::mem::replace(&mut placed.home, worker));
        if let Some(load) = before.and_then(|before| self.load.get(before)) {
            load.legs.fetch_sub(1, Ordering::Relaxed);
        }
        if let Some(load) = self.load.get(worker).filter(|_| before.is_some()) {
            load.legs.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Forgets a leg; gives the worker that had it.
    pub(crate) fn forget_leg(&self, leg: LegKey) -> Option<usize> {
        let home = write(&self.legs).remove(&leg)?.home;
        if let Some(load) = self.load.get(home) {
            load.legs.fetch_sub(1, Ordering::Relaxed);
        }
        Some(home)
    }

    pub(crate) fn session(&self, token: &str) -> Option<Arc<Core>> {
        lock(&self.resumes).get(token).cloned()
    }

    /// Makes the resume token of a session; the one before is void.
    pub(crate) fn renew_resume(&self, core: &Arc<Core>) -> Result<String, Refusal> {
        let token = random_token()?;
        let before = std::mem::replace(&mut *lock(&core.resume), token.clone());
        let mut resumes = lock(&self.resumes);
        resumes.remove(&before);
        resumes.insert(token.clone(), Arc::clone(core));
        Ok(token)
    }

    pub(crate) fn forget_session(&self, core: &Core) {
        let token = lock(&core.resume).clone();
        lock(&self.resumes).remove(&token);
    }

    /// Sessions, and those of them without a socket.
    pub(crate) fn waiting_sessions(&self) -> usize {
        lock(&self.resumes).values().filter(|core| !core.outbox.is_held()).count()
    }

    pub(crate) fn placement(&self, home: &RoomId, who: &Identity) -> Option<RoomId> {
        lock(&self.placements).get(&(home.clone(), who.clone())).cloned()
    }

    pub(crate) fn set_placement(&self, home: &RoomId, who: &Identity, place: &RoomId) {
        let key = (home.clone(), who.clone());
        if place == home {
            lock(&self.placements).remove(&key);
        } else {
            let mut placements = lock(&self.placements);
            placements.insert(key, place.clone());
            placements.trim(MOST_PLACEMENTS, |_| true);
        }
    }

    pub(crate) fn forget_placement(&self, home: &RoomId, who: &Identity) {
        lock(&self.placements).remove(&(home.clone(), who.clone()));
    }

    /// A report will come under this number.
    pub(crate) fn expect_report(&self) -> (u64, oneshot::Receiver<Report>) {
        let (sender, receiver) = oneshot::channel();
        let request = self.next_key();
        lock(&self.reports).insert(request, sender);
        (request, receiver)
    }

    pub(crate) fn report(&self, request: u64, report: Report) {
        if let Some(sender) = lock(&self.reports).remove(&request) {
            // Who waited may have given up.
            let _ = sender.send(report);
        }
    }

    pub(crate) fn forget_report(&self, request: u64) {
        lock(&self.reports).remove(&request);
    }
}

/// Refusals counted by code.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<BTreeMap<&'static str, u64>>);

impl Refusals {
    pub(crate) fn count(&self, code: Code) {
        *lock(&self.0).entry(code.as_str()).or_default() += 1;
    }

    pub(crate) fn all(&self) -> BTreeMap<&'static str, u64> {
        lock(&self.0).clone()
    }
}

/// Leaves room for a million keys in each second since 1970; within JavaScript's integers (2⁵³) until 2242.
fn first_key() -> u64 {
    crate::now_seconds() << 20
}

/// 192 bits that nobody can guess.
fn random_token() -> Result<String, Refusal> {
    use base64::Engine as _;
    let mut bytes = [0_u8; 24];
    getrandom::fill(&mut bytes).map_err(|_| Refusal::new(Code::Internal, "the system gives no random numbers"))?;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}
