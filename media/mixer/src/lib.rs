//! The mix of one room, without sockets, clocks or threads: everybody hears everybody but themselves.
//!
//! ```text
//!  Opus packets ─> Receiver ─> sound ─┐                          ┌─> limiter ─> encoder ─> all who only listen
//!   (who speaks)   jitter, PLC, FEC   ├─> Chain ─> bus: sum ─────┤
//!  PcmWriter ──────────────> sound ───┘   gain,                  ├─ minus own voice ─> limiter ─> encoder ─> who speaks
//!                                         gate …                 └─> limiter ─> PcmReader
//! ```
//! How a [`Mixer`] is used: voices and listeners come and go; each packet of a voice goes into [`Mixer::handle_packet`]. When
//! [`Mixer::poll_timeout`] says so, [`Mixer::handle_timeout`] begins a tick of 20 ms; then [`Mixer::work`] is called while
//! [`Mixer::has_work`], whenever its caller has time for one job, and [`Mixer::poll_output`] after each. A mixer in which
//! nobody speaks asks for no ticks.
//!
//! | file | what it holds |
//! |---|---|
//! | `mixer` | [`Mixer`]: who speaks, who listens |
//! | `tick` | when there is a tick, and its jobs |
//! | `mixing` | adding up, mix-minus, who shares a packet |
//! | `passing` | a lone talker's packets go on as they are |
//! | `levels` | how loud everything is |
//! | `voice`, `chain` | a voice and what is done to it |
//! | [`receiver`], `queue`, `decoding` | from packets to sound that never stops |
//! | `handover` | from packets that are passed on to sound, and back |
//! | [`listener`], `bus`, `line` | who hears what, and the ways out |
//! | [`pcm`] | plain sound in and out |

#![forbid(unsafe_code)]

mod bus;
mod chain;
mod decoding;
mod handover;
mod levels;
mod line;
pub mod listener;
mod mixer;
mod mixing;
mod passing;
pub mod pcm;
mod queue;
pub mod receiver;
mod tick;
mod voice;

pub use listener::{Audience, ListenerId};
pub use mixer::{Mixer, Output, Source};
pub use pcm::{PcmFrame, PcmLine, PcmReader, PcmWriter, pcm_line};
pub use receiver::{Figures, Packet};
pub use voice::VoiceSpec;
