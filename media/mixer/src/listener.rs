//! Somebody who hears the mix: an m-line of a connection, or a service that reads plain sound.

use crosspoint_codec::opus::EncoderSettings;
use crosspoint_model::{Bus, Hears, Identity, Listening, TrackKey};

use crate::line::Line;

/// After this many ticks without a word of its own a listener goes back to what all hear.
const BACK: u32 = 50;

/// A listener as its owner numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenerId(pub u32);

/// Who gets a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// All who hear this bus as it is: [`crate::Mixer::audience`].
    Bus(Bus),
    /// One, whose packet is unlike anybody else's.
    One(ListenerId),
    /// Those who hear a voice of plain sound by itself, with the number of its packet ([`crate::Mixer::set_alone`]).
    Solo(TrackKey, u64),
}

/// How a listener is served in a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// With the packets that all share.
    Shared,
    /// With packets of its own.
    Apart,
    /// The same, for the last time.
    Parting,
}

#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) identity: Identity,
    pub(crate) listening: Listening,
    /// Encoded, or read as it is?
    pub(crate) encoded: bool,
    /// Its own way out, while it hears something that others do not.
    pub(crate) line: Option<Box<Line>>,
    /// Ticks since it heard something else than the others.
    pub(crate) same: u32,
    /// Has it yet to be given a first packet of its bus that leans on nothing before it?
    pub(crate) fresh: bool,
}

impl Listener {
    pub(crate) fn new(identity: Identity, listening: Listening, encoded: bool) -> Self {
        Self { identity, listening, encoded, line: None, same: 0, fresh: true }
    }

    /// The bus that it hears.
    pub(crate) fn bus(&self) -> Option<Bus> {
        match self.listening.hears {
            Hears::Mix => Some(Bus::Programme),
            Hears::Hold => Some(Bus::Hold),
            Hears::Tracks | Hears::Nothing => None,
        }
    }

    /// Notes whether it hears the same as the others in this tick, and decides how it is served.
    pub(crate) fn serve(&mut self, other: bool, bus_is_quiet: bool) -> Service {
        self.same = if other { 0 } else { self.same.saturating_add(1) };
        if other {
            return Service::Apart;
        }
        let Some(line) = &mut self.line else { return Service::Shared };
        // In silence at once, when nothing of its own voice is left in the limiter and the encoder that all share.
        if (line.is_quiet() && bus_is_quiet) || self.same > BACK {
            self.line = None;
            return Service::Shared;
        }
        if self.same == BACK {
            line.align();
            return Service::Parting;
        }
        Service::Apart
    }

    pub(crate) fn own_line(&mut self, settings: EncoderSettings) -> (&mut Line, bool) {
        let fresh = self.line.is_none();
        (self.line.get_or_insert_with(|| Box::new(Line::new(settings))), fresh)
    }
}
