//! How the clients come in: the protocols of the servers under load, behind one enum.
//!
//! A door takes [`Seed`]s (connections without signalling), does the exchange, and gives the finished [`Peer`]s to the rig.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use anyhow::Result;
use crosspoint_model::{MediaKind, RoomKind};
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::media::Direction;

use crate::media::driver::Rig;
use crate::media::payload::wall_ns;
use crate::media::peer::{Peer, Seed, SendLines};
use crate::media::publisher::{self, Publisher, Shape};

pub mod direct;
pub mod janus;
pub mod mixed;
pub mod signal;
pub mod token;
pub mod whip;

/// What publishers send once they are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sends {
    /// They only connect.
    Nothing,
    /// Sound; their video lines stay silent.
    Audio,
    /// Sound and picture.
    Everything,
}

impl Sends {
    /// Packets that a publisher sends in a second.
    pub fn packets_per_second(self) -> f64 {
        match self {
            Self::Nothing => 0.0,
            Self::Audio => publisher::AUDIO_PER_SECOND,
            Self::Everything => publisher::AUDIO_PER_SECOND + publisher::VIDEO_PER_SECOND,
        }
    }
}

/// What every door needs to make clients.
pub struct Floor {
    /// Drives the clients.
    pub rig: Rig,
    /// The address that clients bind.
    pub address: IpAddr,
    /// How publishers send.
    pub shape: Shape,
    /// What publishers send.
    pub sends: Sends,
    sources: AtomicU32,
}

impl Floor {
    /// A floor whose clients bind `address`.
    pub fn new(rig: Rig, address: IpAddr, shape: Shape, sends: Sends) -> Self {
        Self { rig, address, shape, sends, sources: AtomicU32::new(0) }
    }

    /// A connection without signalling.
    pub fn seed(&self) -> Result<Seed> {
        Seed::new(self.address)
    }

    /// The finished client goes to the driver; it publishes on `lines`.
    pub fn start(&self, seed: Seed, lines: SendLines, started: u64) -> Result<()> {
        let (audio, video) = match self.sends {
            Sends::Nothing => (None, None),
            Sends::Audio => (lines.audio, None),
            Sends::Everything => (lines.audio, lines.video),
        };
        let publishes = audio.is_some() || video.is_some();
        let sender = publishes.then(|| {
            let source = self.sources.fetch_add(1, Ordering::Relaxed);
            // Publishers do not send in step.
            let phase = std::time::Duration::from_micros(u64::from(source) * 7_300 % 40_000);
            Publisher::new(source, audio, video, self.shape, Instant::now() + phase)
        });
        self.rig.add(Peer::new(seed, sender, started)?)
    }
}

/// The m-lines that a client offers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lines {
    /// Sends a microphone.
    pub microphone: bool,
    /// Sends a camera.
    pub camera: bool,
    /// Sends a microphone and receives sound on the same line (Janus AudioBridge).
    pub duplex: bool,
    /// Receive-only audio lines.
    pub audio: u32,
    /// Receive-only video lines.
    pub video: u32,
    /// The data channels of the SDK.
    pub data: bool,
}

/// A connection that has offered.
pub struct Offered {
    seed: Seed,
    pending: SdpPendingOffer,
    /// The offer.
    pub sdp: String,
    /// Where it will send.
    pub lines: SendLines,
}

impl Offered {
    /// Makes a connection and its offer. This is the costly part, done before a join is timed.
    pub fn new(mut seed: Seed, lines: Lines) -> Result<Self> {
        let mut changes = seed.rtc.sdp_api();
        let mut sending = |wanted: bool, kind: MediaKind, direction: Direction| {
            wanted.then(|| changes.add_media(kind.into_str0m(), direction, Some("bench".to_owned()), None, None))
        };
        let audio_direction = if lines.duplex { Direction::SendRecv } else { Direction::SendOnly };
        let send = SendLines {
            audio: sending(lines.microphone || lines.duplex, MediaKind::Audio, audio_direction),
            video: sending(lines.camera, MediaKind::Video, Direction::SendOnly),
        };
        for (kind, count) in [(MediaKind::Audio, lines.audio), (MediaKind::Video, lines.video)] {
            for _ in 0..count {
                changes.add_media(kind.into_str0m(), Direction::RecvOnly, None, None, None);
            }
        }
        if lines.data {
            changes.add_channel("reliable".into());
            changes.add_channel("lossy".into());
        }
        let (offer, pending) = changes.apply().ok_or_else(|| anyhow::anyhow!("an offer without lines"))?;
        Ok(Self { seed, pending, sdp: offer.to_sdp_string(), lines: send })
    }

    /// Applies the answer.
    pub fn answered(mut self, sdp: &str) -> Result<(Seed, SendLines)> {
        let answer = SdpAnswer::from_sdp_string(sdp)?;
        self.seed.rtc.sdp_api().accept_answer(self.pending, answer)?;
        Ok((self.seed, self.lines))
    }
}

/// Answers a server's offer.
pub fn answer(seed: &mut Seed, offer: &str) -> Result<String> {
    let offer = SdpOffer::from_sdp_string(offer)?;
    Ok(seed.rtc.sdp_api().accept_offer(offer)?.to_sdp_string())
}

trait IntoStr0m {
    fn into_str0m(self) -> str0m::media::MediaKind;
}

impl IntoStr0m for MediaKind {
    fn into_str0m(self) -> str0m::media::MediaKind {
        match self {
            Self::Audio => str0m::media::MediaKind::Audio,
            Self::Video => str0m::media::MediaKind::Video,
        }
    }
}

/// A client prepared for a timed join.
pub enum Ready {
    /// The client offers.
    Offer(Box<Offered>),
    /// The server offers (Janus to subscribers).
    Await(Box<Seed>),
    /// Sends on a connection of its own and receives on another (Janus in a meeting).
    Pair(Box<Offered>, Box<Seed>),
}

/// A door of a server.
pub enum Door {
    /// Our signalling WebSocket.
    Signal(signal::Signal),
    /// Our WHIP and WHEP.
    Whip(whip::Whip),
    /// The Janus API, VideoRoom plugin.
    Janus(janus::Janus),
    /// No server: publisher and viewer connect to each other.
    Direct,
}

impl Door {
    /// Waits until the server answers.
    pub async fn wait_ready(&self) -> Result<()> {
        match self {
            Self::Signal(door) => door.wait_ready().await,
            Self::Whip(door) => door.wait_ready().await,
            Self::Janus(door) => door.wait_ready().await,
            Self::Direct => Ok(()),
        }
    }

    /// Makes a room, where the first join does not.
    pub async fn open_room(&self, room: u64) -> Result<()> {
        match self {
            Self::Janus(door) => door.open_room(room).await,
            Self::Signal(_) | Self::Whip(_) | Self::Direct => Ok(()),
        }
    }

    /// Makes a room that nobody is in.
    pub async fn empty_room(&self, room: u64) -> Result<()> {
        match self {
            Self::Janus(door) => door.open_room(room).await,
            Self::Signal(door) => door.empty_room(room, RoomKind::Forward).await,
            Self::Whip(_) | Self::Direct => anyhow::bail!("this door cannot make a room and go"),
        }
    }

    /// Prepares a publisher.
    pub fn publisher(&self, floor: &Floor) -> Result<Ready> {
        let data = matches!(self, Self::Signal(_));
        let lines = Lines { microphone: true, camera: true, data, ..Lines::default() };
        Ok(Ready::Offer(Box::new(Offered::new(floor.seed()?, lines)?)))
    }

    /// Prepares a viewer of one publisher.
    pub fn viewer(&self, floor: &Floor) -> Result<Ready> {
        let lines = match self {
            Self::Janus(_) => return Ok(Ready::Await(Box::new(floor.seed()?))),
            Self::Signal(_) => Lines { audio: 3, video: 2, data: true, ..Lines::default() },
            Self::Whip(_) | Self::Direct => Lines { audio: 1, video: 1, ..Lines::default() },
        };
        Ok(Ready::Offer(Box::new(Offered::new(floor.seed()?, lines)?)))
    }

    /// Prepares a participant who sends, and receives from `others`.
    pub fn participant(&self, floor: &Floor, others: u32) -> Result<Ready> {
        match self {
            Self::Janus(_) => {
                let lines = Lines { microphone: true, camera: true, ..Lines::default() };
                Ok(Ready::Pair(Box::new(Offered::new(floor.seed()?, lines)?), Box::new(floor.seed()?)))
            }
            _ => {
                let (audio, video) = (others.min(8), others.min(12));
                let lines = Lines { microphone: true, camera: true, audio, video, data: true, ..Lines::default() };
                Ok(Ready::Offer(Box::new(Offered::new(floor.seed()?, lines)?)))
            }
        }
    }

    /// Joins as a publisher. The join is timed from the first request.
    pub async fn publish(&self, floor: &Floor, room: u64, name: &str, ready: Ready) -> Result<()> {
        let started = wall_ns();
        let Ready::Offer(offered) = ready else { anyhow::bail!("a publisher offers") };
        let (seed, lines) = match self {
            Self::Signal(door) => door.join(room, name, *offered, RoomKind::Forward).await?,
            Self::Whip(door) => door.publish(room, name, *offered).await?,
            Self::Janus(door) => door.publish(room, name, *offered).await?,
            Self::Direct => return direct::publish(floor, *offered, started),
        };
        floor.start(seed, lines, started)
    }

    /// Joins as a viewer of everything in the room.
    pub async fn view(&self, floor: &Floor, room: u64, name: &str, ready: Ready) -> Result<()> {
        let started = wall_ns();
        let seed = match (self, ready) {
            (Self::Signal(door), Ready::Offer(offered)) => door.join(room, name, *offered, RoomKind::Forward).await?.0,
            (Self::Whip(door), Ready::Offer(offered)) => door.view(room, name, *offered).await?,
            (Self::Janus(door), Ready::Await(seed)) => door.view(room, None, *seed).await?,
            _ => anyhow::bail!("this door cannot view so"),
        };
        floor.start(seed, SendLines::default(), started)
    }

    /// Joins as a participant. Janus participants only publish here and view in [`Door::meet`], when all are there.
    pub async fn attend(&self, floor: &Floor, room: u64, name: &str, ready: Ready) -> Result<Option<Box<Seed>>> {
        match ready {
            Ready::Pair(offered, viewer) => {
                self.publish(floor, room, name, Ready::Offer(offered)).await?;
                Ok(Some(viewer))
            }
            ready => self.publish(floor, room, name, ready).await.map(|()| None),
        }
    }

    /// The receiving half of a participant of Janus.
    pub async fn meet(&self, floor: &Floor, room: u64, name: &str, seed: Box<Seed>) -> Result<()> {
        let Self::Janus(door) = self else { return Ok(()) };
        let started = wall_ns();
        floor.start(door.view(room, Some(name), *seed).await?, SendLines::default(), started)
    }
}
