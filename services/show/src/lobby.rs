//! What those hear who wait in the lobby, and the screeners at the desk: the show itself, brought over from the live room; or a
//! file; or nothing. Nothing runs while nobody is there to hear it.

mod elastic;

use std::sync::Arc;
use std::time::Duration;

use crosspoint_model::grant::Bearer;
use crosspoint_model::show::LobbySource;
use crosspoint_model::{Bus, Code, Grant, Refusal, RoomId, Source};
use crosspoint_rooms::{PlayRequest, Player, Playing, Rooms, Tap, TapRequest, TapVoice};
use tokio::task::AbortHandle;
use tokio::time::sleep;

use crate::machine::Show;
use crate::names::{desk_room, live_room, lobby_room, room};
use crate::shows::Shows;
use elastic::Elastic;

/// So long after a feed broke it is tried again.
const AGAIN: Duration = Duration::from_millis(250);
/// So often a playing file is looked after.
const LOOK: Duration = Duration::from_secs(1);
/// What speaks into rooms is called, for operators; what hears for it has the room's name behind.
const IDENTITY: &str = "programme";

/// What is fed into a room.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Feed {
    /// The show.
    Programme,
    /// A file, over and over again.
    File(String),
}

/// The feeds of a show.
#[derive(Default)]
pub(crate) struct Feeds {
    lobby: Feeding,
    desk: Feeding,
}

/// One of them.
#[derive(Default)]
struct Feeding {
    what: Option<Feed>,
    task: Option<AbortHandle>,
}

impl Feeds {
    /// Sees that each room hears what it should, and that nothing runs for nobody.
    pub(crate) fn look(&mut self, shows: &Shows, show: &Show) {
        let id = &show.view.show_id;
        let settings = &show.view.settings;
        let of_lobby = match settings.lobby {
            LobbySource::Programme => Some(Feed::Programme),
            LobbySource::File => settings.lobby_file.clone().map(Feed::File),
            LobbySource::Silence => None,
        };
        self.lobby.set(shows, id, &room(&lobby_room(id)), of_lobby);
        self.desk.set(shows, id, &room(&desk_room(id)), Some(Feed::Programme));
    }

    /// Does something run for the lobby?
    #[cfg(test)]
    pub(crate) fn lobby_is_fed(&self) -> bool {
        self.lobby.task.as_ref().is_some_and(|task| !task.is_finished())
    }

    /// The show is over.
    pub(crate) fn stop(&mut self) {
        self.lobby.end();
        self.desk.end();
    }
}

impl Feeding {
    fn set(&mut self, shows: &Shows, show: &str, into: &RoomId, wanted: Option<Feed>) {
        let has_listeners = !shows.inner.rooms.present(into).is_empty();
        let wanted = wanted.filter(|_| has_listeners);
        let runs = self.task.as_ref().is_some_and(|task| !task.is_finished());
        if wanted == self.what && (runs || wanted.is_none()) {
            return;
        }
        self.end();
        self.what.clone_from(&wanted);
        let Some(wanted) = wanted else { return };
        let (rooms, player) = (shows.inner.rooms.clone(), shows.inner.player.clone());
        let (from, into) = (room(&live_room(show)), into.clone());
        self.task = Some(tokio::spawn(feed(rooms, player, wanted, from, into)).abort_handle());
    }

    fn end(&mut self) {
        self.what = None;
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

impl Drop for Feeding {
    fn drop(&mut self) {
        self.end();
    }
}

/// Feeds a room until it is told to end; also one that was closed and made anew.
async fn feed(rooms: Rooms, player: Option<Arc<dyn Player>>, what: Feed, from: RoomId, into: RoomId) {
    loop {
        let result = match &what {
            Feed::Programme => bring(&rooms, &from, &into).await,
            Feed::File(file) => play(player.as_ref(), file, &into).await,
        };
        if let Err(refusal) = result {
            tracing::debug!(room = %into, %refusal, "what those who wait hear was interrupted");
        }
        sleep(AGAIN).await;
    }
}

/// Brings the programme of one room into another, until one of them is gone.
async fn bring(rooms: &Rooms, from: &RoomId, into: &RoomId) -> Result<(), Refusal> {
    let mut ear = rooms.tap(&request(&format!("{IDENTITY}-to-{into}"), from, None))?;
    let voice = TapVoice { name: IDENTITY.into(), ..TapVoice::of(Source::Other) };
    let Tap { mut writer, handle, .. } = rooms.tap(&request(IDENTITY, into, Some(voice)))?;
    let mut elastic = Elastic::default();
    loop {
        tokio::select! {
            frame = ear.reader.next() => match frame {
                Some(frame) => elastic.pass(&frame, &mut writer),
                None => return Ok(()),
            },
            _ = handle.ended() => return Ok(()),
        }
    }
}

/// Plays a file until the room is gone.
async fn play(player: Option<&Arc<dyn Player>>, file: &str, into: &RoomId) -> Result<(), Refusal> {
    let missing = || Refusal::new(Code::PlayerUnavailable, "this server plays no files (player.directory)");
    let player = Arc::clone(player.ok_or_else(missing)?);
    let wanted = PlayRequest { file: file.to_owned(), bus: Bus::Programme, repeats: true, gain: 0.0 };
    let (with, room) = (Arc::clone(&player), into.clone());
    // It reads from a disk.
    let playing = tokio::task::spawn_blocking(move || with.play(&room, wanted)).await;
    let playing = playing.map_err(|_| Refusal::new(Code::Internal, "the player failed"))??;
    let guard = Stopping { player, room: into.clone(), playing };
    while guard.player.playing(into, &guard.playing.id).is_ok() {
        sleep(LOOK).await;
    }
    Ok(())
}

/// Stops a file, also where the task that plays it is ended.
struct Stopping {
    player: Arc<dyn Player>,
    room: RoomId,
    playing: Playing,
}

impl Drop for Stopping {
    fn drop(&mut self) {
        // Over already: all the better.
        let _ = self.player.stop(&self.room, &self.playing.id);
    }
}

/// Hears the room's programme, or speaks into it.
fn request(identity: &str, room: &RoomId, speaks: Option<TapVoice>) -> TapRequest {
    let grant = Grant { hidden: true, ..Grant::join(room.as_str()) };
    let bearer = Bearer { identity: identity.to_owned(), name: IDENTITY.into(), grant, ..Bearer::default() };
    let hears = speaks.is_none().then_some(Bus::Programme);
    TapRequest { bearer, room: room.clone(), hears, speaks, is_service: true }
}
