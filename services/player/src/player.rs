//! What is being played, and how it begins and ends.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crosspoint_model::grant::Bearer;
use crosspoint_model::{Code, Grant, Refusal, RoomId, Source};
use crosspoint_rooms::{PlayRequest, Player, Playing, Rooms, TapRequest, TapVoice};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::folder::Folder;
use crate::performance::Performance;
use crate::wav::{ROOM, Wav};

/// So many files can be played into one room at once.
const MOST: usize = 16;
/// What its taps are called, for operators.
const IDENTITY: &str = "player";

/// Plays files of one folder. Must be made within a tokio runtime.
pub struct FilePlayer {
    rooms: Rooms,
    folder: Folder,
    runtime: Handle,
    stage: Arc<Stage>,
    last: AtomicU64,
}

/// Everything that is being played, by its number.
type Stage = Mutex<BTreeMap<u64, Entry>>;

struct Entry {
    room: RoomId,
    view: Playing,
    heard: Arc<AtomicU64>,
    /// Known once its task runs.
    task: Option<AbortHandle>,
}

impl FilePlayer {
    /// Plays the files below this folder.
    pub fn new(rooms: &Rooms, folder: &Path) -> Self {
        Self {
            rooms: rooms.clone(),
            folder: Folder::new(folder),
            runtime: Handle::current(),
            stage: Arc::default(),
            last: AtomicU64::new(0),
        }
    }

    fn enter(&self, id: u64, entry: Entry) -> Result<(), Refusal> {
        let mut stage = lock(&self.stage);
        if stage.values().filter(|other| other.room == entry.room).count() >= MOST {
            return Err(Refusal::new(
                Code::RateLimited,
                format!("{MOST} files are being played into this room already"),
            ));
        }
        stage.insert(id, entry);
        Ok(())
    }

    fn begin(&self, id: u64, room: &RoomId, wanted: &PlayRequest, performance: Performance) -> Result<(), Refusal> {
        let tap = self.rooms.tap(&request(room, wanted))?;
        let stage = Arc::clone(&self.stage);
        let task = self.runtime.spawn(async move {
            if let Err(refusal) = performance.run(tap).await {
                tracing::warn!(id, %refusal, "playing a file ended early");
            }
            lock(&stage).remove(&id);
        });
        match lock(&self.stage).get_mut(&id) {
            Some(entry) => entry.task = Some(task.abort_handle()),
            // Over already, or stopped just now.
            None => task.abort(),
        }
        Ok(())
    }
}

impl Player for FilePlayer {
    fn play(&self, room: &RoomId, wanted: PlayRequest) -> Result<Playing, Refusal> {
        if !(-60.0..=24.0).contains(&wanted.gain) {
            return Err(Refusal::new(Code::InvalidRequest, "gain must be -60 to 24 decibels"));
        }
        let wav = Wav::open(&self.folder.find(&wanted.file)?)?;
        if wav.duration() == 0.0 {
            return Err(Refusal::new(Code::InvalidRequest, "the file cannot be played: it is empty"));
        }
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let view = Playing {
            id: id.to_string(),
            file: wanted.file.clone(),
            bus: wanted.bus,
            repeats: wanted.repeats,
            gain: wanted.gain,
            position: 0.0,
            duration: wav.duration(),
        };
        let heard = Arc::new(AtomicU64::new(0));
        let entry = Entry { room: room.clone(), view: view.clone(), heard: Arc::clone(&heard), task: None };
        self.enter(id, entry)?;
        let factor = 10_f32.powf(wanted.gain / 20.0);
        let performance = Performance { wav, repeats: wanted.repeats, factor, heard };
        self.begin(id, room, &wanted, performance).inspect_err(|_| {
            lock(&self.stage).remove(&id);
        })?;
        Ok(view)
    }

    fn playing(&self, room: &RoomId, id: &str) -> Result<Playing, Refusal> {
        let stage = lock(&self.stage);
        let found = id.parse().ok().and_then(|id: u64| stage.get(&id)).filter(|entry| entry.room == *room);
        let entry = found.ok_or_else(|| missing(id))?;
        let position = entry.heard.load(Ordering::Relaxed) as f64 / f64::from(ROOM);
        Ok(Playing { position, ..entry.view.clone() })
    }

    fn stop(&self, room: &RoomId, id: &str) -> Result<(), Refusal> {
        self.playing(room, id)?;
        let entry = id.parse().ok().and_then(|id: u64| lock(&self.stage).remove(&id));
        // Its tap ends with its task, and what waits in it is not heard.
        if let Some(task) = entry.and_then(|entry| entry.task) {
            task.abort();
        }
        Ok(())
    }
}

/// It comes in like anybody, with a grant of its own.
fn request(room: &RoomId, wanted: &PlayRequest) -> TapRequest {
    let grant = Grant { room_admin: true, hidden: true, can_subscribe: Some(false), ..Grant::join(room.as_str()) };
    let bearer = Bearer { identity: IDENTITY.into(), name: wanted.file.clone(), grant, ..Bearer::default() };
    let speaks = Some(TapVoice { bus: wanted.bus, name: wanted.file.clone(), ..TapVoice::of(Source::Other) });
    TapRequest { bearer, room: room.clone(), hears: None, speaks, is_service: true }
}

fn missing(id: &str) -> Refusal {
    Refusal::new(Code::NotFound, format!("nothing with the id {id:?} is being played into this room (any more)"))
}

/// A panic elsewhere costs what it was doing.
fn lock(stage: &Stage) -> MutexGuard<'_, BTreeMap<u64, Entry>> {
    stage.lock().unwrap_or_else(PoisonError::into_inner)
}
