//! The mix of one room, without sockets, clocks or threads.

#![forbid(unsafe_code)]

pub mod pcm;

pub use pcm::{PcmFrame, PcmLine, PcmReader, PcmWriter, pcm_line};

use crosspoint_model::{Bus, TrackKey};

/// What a level is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A voice.
    Voice(TrackKey),
    /// A bus.
    Bus(Bus),
}
