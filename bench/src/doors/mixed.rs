//! How clients come into mixed rooms. On every server whoever is silent has a microphone open, as people in a call do; only a
//! WHEP viewer has none.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use crosspoint_model::RoomKind;

use super::{Door, Floor, Lines, Offered, Ready, direct};
use crate::media::ear::Ear;
use crate::media::payload::wall_ns;
use crate::media::peer::{Peer, Seat, Seed, SendLines};
use crate::media::publisher::Publisher;
use crate::media::voice::Voice;

/// What a client does in a mixed room.
#[derive(Clone, Debug)]
pub struct Part {
    /// The room.
    pub room: u64,
    /// What it says; none: its microphone sends nothing.
    pub voice: Option<Arc<Voice>>,
    /// Somebody else speaks there, so that packets must come.
    pub hears: bool,
    /// It decodes what it hears, and finds the marks.
    pub listens_closely: bool,
}

impl Floor {
    /// A client of a mixed room goes to the driver.
    pub(super) fn seat(&self, seed: Seed, lines: SendLines, started: u64, part: &Part) -> Result<()> {
        let client = self.sources.fetch_add(1, Ordering::Relaxed);
        let publisher = part.voice.as_ref().zip(lines.audio).map(|(voice, audio)| {
            // Clients do not send in step, and meet the server's 20 ms everywhere.
            let phase = Duration::from_micros(u64::from(client) * 7_300 % 20_000);
            Publisher::new(client, Some(audio), None, self.shape, Instant::now() + phase).speaking(voice.clone())
        });
        let ear = part.listens_closely.then(Ear::new).transpose()?;
        let seat = Seat { room: part.room as u32, client, hears: part.hears, ear, sent: 0, received: 0 };
        self.rig.add(Peer::new(seed, publisher, started)?.seated(seat))
    }
}

impl Door {
    /// Makes a mixed room, where the first join does not.
    pub async fn open_mix(&self, room: u64) -> Result<()> {
        match self {
            Self::Whip(door) => door.open_mix(room).await,
            Self::Janus(door) => door.open_audio_room(room).await,
            Self::Signal(_) | Self::Direct => Ok(()),
        }
    }

    /// Makes a mixed room that nobody is in.
    pub async fn empty_mix(&self, room: u64) -> Result<()> {
        match self {
            Self::Signal(door) => door.empty_room(room, RoomKind::Mix).await,
            Self::Direct => bail!("without a server there are no rooms"),
            Self::Whip(_) | Self::Janus(_) => self.open_mix(room).await,
        }
    }

    /// Prepares a client of a mixed room. `talks`: it says something.
    pub fn member(&self, floor: &Floor, talks: bool) -> Result<Ready> {
        let lines = match self {
            // As the SDK begins: two slots of each kind.
            Self::Signal(_) => Lines { microphone: true, audio: 2, video: 2, data: true, ..Lines::default() },
            Self::Whip(_) if !talks => Lines { audio: 1, ..Lines::default() },
            Self::Whip(_) | Self::Direct => Lines { microphone: true, ..Lines::default() },
            Self::Janus(_) => Lines { duplex: true, ..Lines::default() },
        };
        Ok(Ready::Offer(Box::new(Offered::new(floor.seed()?, lines)?)))
    }

    /// Comes into a mixed room.
    pub async fn take_part(&self, floor: &Floor, name: &str, ready: Ready, part: &Part) -> Result<()> {
        let started = wall_ns();
        let Ready::Offer(offered) = ready else { bail!("members of mixed rooms offer") };
        let (seed, lines) = match self {
            Self::Signal(door) => door.join(part.room, name, *offered, RoomKind::Mix).await?,
            Self::Whip(door) if part.voice.is_some() => door.publish(part.room, name, *offered).await?,
            Self::Whip(door) => (door.view(part.room, name, *offered).await?, SendLines::default()),
            Self::Janus(door) => door.bridge(part.room, name, *offered).await?,
            Self::Direct => return direct::talk(floor, *offered, started, part),
        };
        floor.seat(seed, lines, started, part)
    }
}
