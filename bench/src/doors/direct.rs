//! No server: the publisher's offer is answered by a viewer of this process. The path of every packet without a server in it,
//! against which added latency is measured.

use anyhow::Result;

use super::mixed::Part;
use super::{Floor, Offered, answer};
use crate::media::peer::SendLines;

/// Connects a publisher to a viewer of its own.
pub fn publish(floor: &Floor, offered: Offered, started: u64) -> Result<()> {
    let mut viewer = floor.seed()?;
    let sdp = answer(&mut viewer, &offered.sdp)?;
    let (seed, lines) = offered.answered(&sdp)?;
    floor.start(viewer, SendLines::default(), started)?;
    floor.start(seed, lines, started)
}

/// Connects a talker to an ear of its own.
pub fn talk(floor: &Floor, offered: Offered, started: u64, part: &Part) -> Result<()> {
    let mut listener = floor.seed()?;
    let sdp = answer(&mut listener, &offered.sdp)?;
    let (seed, lines) = offered.answered(&sdp)?;
    let ear = Part { voice: None, hears: true, listens_closely: true, ..part.clone() };
    floor.seat(listener, SendLines::default(), started, &ear)?;
    floor.seat(seed, lines, started, &Part { hears: false, listens_closely: false, ..part.clone() })
}
