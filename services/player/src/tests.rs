//! Files into rooms, over a media plane that only pretends.

use std::sync::Arc;
use std::time::Duration;

use crosspoint_model::{Bus, Code, Refusal, RoomId};
use crosspoint_rooms::fake::FakeMedia;
use crosspoint_rooms::{CreateRoom, Options, PlayRequest, Player, Playing, Rooms};
use tempfile::TempDir;

use crate::FilePlayer;
use crate::wav::tests::{spec, write};

#[tokio::test]
async fn a_file_is_heard_once_at_its_gain_and_is_over_then() {
    let house = House::new();
    let playing = house.play("tone.wav", |wanted| wanted.gain = -6.0206).expect("plays");
    assert!((playing.duration - 0.5).abs() < 1e-6 && playing.bus == Bus::Programme);
    let heard = house.hear(24_000).await;
    assert!((heard[12_000] - 0.25).abs() < 0.001, "{}", heard[12_000]);
    eventually("it is over", || house.player.playing(&house.room, &playing.id).is_err()).await;
    assert!(house.media.with_line("crosspoint.player", |_| ()).is_none(), "and its tap is gone");
}

#[tokio::test]
async fn a_file_that_repeats_goes_on_until_it_is_stopped() {
    let house = House::new();
    let playing = house.play("tone.wav", |wanted| wanted.repeats = true).expect("plays");
    house.hear(60_000).await;
    eventually("it says how far it is", || {
        house.player.playing(&house.room, &playing.id).expect("goes on").position >= 1.25
    })
    .await;
    house.player.stop(&house.room, &playing.id).expect("stopped");
    assert_eq!(house.player.stop(&house.room, &playing.id).expect_err("no more").code, Code::NotFound);
    eventually("its tap is gone", || house.media.with_line("crosspoint.player", |_| ()).is_none()).await;
}

#[tokio::test]
async fn those_who_wait_hear_it_on_the_bus_of_their_own_and_nobody_sees_it() {
    let house = House::new();
    house.play("tone.wav", |wanted| wanted.bus = Bus::Hold).expect("plays");
    let bus = house.media.with_line("crosspoint.player", |line| line.speaks.as_ref().map(|voice| voice.bus));
    assert_eq!(bus, Some(Some(Bus::Hold)));
    let room = &house.rooms.list()[0];
    assert_eq!((room.participants, room.tracks), (0, 0));
}

#[tokio::test]
async fn a_file_that_repeats_and_has_no_sound_in_it_is_over() {
    let house = House::new();
    let whole = std::fs::read(house.folder.path().join("tone.wav")).expect("read");
    let head = whole.len() - 2 * 24_000;
    std::fs::write(house.folder.path().join("head.wav"), &whole[..head]).expect("written");
    let playing = house.play("head.wav", |wanted| wanted.repeats = true).expect("its head promises sound");
    eventually("it is over", || house.player.playing(&house.room, &playing.id).is_err()).await;
    eventually("its tap is gone", || house.media.with_line("crosspoint.player", |_| ()).is_none()).await;
}

#[tokio::test]
async fn it_is_over_when_its_room_is() {
    let house = House::new();
    let playing = house.play("tone.wav", |wanted| wanted.repeats = true).expect("plays");
    house.rooms.close(&house.room, "over").expect("closed");
    eventually("it is over", || house.player.playing(&house.room, &playing.id).is_err()).await;
}

#[tokio::test]
async fn what_cannot_be_played_is_refused() {
    let house = House::new();
    let code = |result: Result<Playing, Refusal>| result.expect_err("refused").code;
    assert_eq!(code(house.play("../tone.wav", |_| {})), Code::InvalidRequest);
    assert_eq!(code(house.play("none.wav", |_| {})), Code::NotFound);
    assert_eq!(code(house.play("empty.wav", |_| {})), Code::InvalidRequest);
    assert_eq!(code(house.play("tone.wav", |wanted| wanted.gain = f32::NAN)), Code::InvalidRequest);
    let elsewhere = RoomId::parse("elsewhere").expect("a room");
    let wanted = PlayRequest { file: "tone.wav".into(), bus: Bus::Programme, repeats: false, gain: 0.0 };
    assert_eq!(code(house.player.play(&elsewhere, wanted)), Code::RoomNotFound);
    assert_eq!(code(house.player.playing(&house.room, "1")), Code::NotFound, "nothing is left of what was refused");
    for _ in 0..16 {
        house.play("tone.wav", |wanted| wanted.repeats = true).expect("plays");
    }
    assert_eq!(code(house.play("tone.wav", |_| {})), Code::RateLimited);
}

struct House {
    rooms: Rooms,
    media: Arc<FakeMedia>,
    player: FilePlayer,
    room: RoomId,
    folder: TempDir,
}

impl House {
    /// With half a second of half of full scale, and a file without a sample.
    fn new() -> Self {
        let (media, facts) = FakeMedia::new(1);
        let rooms = Rooms::new(Arc::clone(&media) as _, facts, Options::default());
        let folder = tempfile::tempdir().expect("a folder");
        write(&folder.path().join("tone.wav"), spec(1, 48_000, 16), 24_000, 0.5);
        write(&folder.path().join("empty.wav"), spec(1, 48_000, 16), 0, 0.0);
        let room = RoomId::parse("r").expect("a room");
        let request = CreateRoom {
            room_id: room.to_string(),
            kind: Some(crosspoint_model::RoomKind::Mix),
            metadata: String::new(),
            locked: true,
            pin: None,
            mix: None,
            limits: crosspoint_rooms::RoomLimits::default(),
        };
        rooms.create(request).expect("made");
        let player = FilePlayer::new(&rooms, folder.path());
        Self { rooms, media, player, room, folder }
    }

    fn play(&self, file: &str, change: impl FnOnce(&mut PlayRequest)) -> Result<Playing, Refusal> {
        let mut wanted = PlayRequest { file: file.into(), bus: Bus::Programme, repeats: false, gain: 0.0 };
        change(&mut wanted);
        self.player.play(&self.room, wanted)
    }

    /// Plays so many samples of what the player says, as they come.
    async fn hear(&self, count: usize) -> Vec<f32> {
        let mut heard = Vec::new();
        let hearing = async {
            while heard.len() < count {
                let missing = count - heard.len();
                heard
                    .extend(self.media.with_line("crosspoint.player", |line| line.play(missing)).expect("it is there"));
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), hearing).await.expect("it plays");
        heard
    }
}

async fn eventually(what: &str, is_true: impl Fn() -> bool) {
    let waiting = async {
        while !is_true() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
}
