//! The cases of mixed rooms: talkers first, then whoever is silent, then the window.

use std::sync::Arc;

use anyhow::Result;
use futures_util::stream::{self, TryStreamExt};
use serde::{Deserialize, Serialize};

use super::cases::{PATIENCE, ROOM, settle, viewers};
use super::{Case, Measured, Meter, Plan, Traffic, connected, heard, join_times, memory, window};
use crate::doors::mixed::Part;
use crate::doors::{Door, Floor, Ready};
use crate::media::voice::Voice;

/// The first mixed room; the rooms of other cases have lower numbers.
const MIXED: u64 = 5000;
/// So many clients of a run listen closely.
const EARS: usize = 6;

/// Who is in mixed rooms beside the silent ones: the same in each room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::Args)]
pub struct Cast {
    /// Mixed rooms.
    #[arg(long, default_value_t = 1)]
    pub rooms: usize,
    /// Talkers in each.
    #[arg(long, default_value_t = 0)]
    pub talkers: usize,
    /// Silent microphones send silence instead of nothing.
    #[arg(long)]
    pub hush: bool,
}

impl Cast {
    fn numbers(&self) -> impl Iterator<Item = u64> {
        (0..self.rooms as u64).map(|room| MIXED + room)
    }

    /// Who come into all rooms as these parts, prepared.
    fn prepare(&self, door: &Door, floor: &Floor, parts: &[Part]) -> Result<Vec<(Ready, Part)>> {
        let each = self.numbers().flat_map(|room| parts.iter().map(move |part| Part { room, ..part.clone() }));
        // Spread over all rooms.
        let apart = (self.rooms * parts.len() / EARS).max(1);
        let ready = |(number, part): (usize, Part)| {
            let part = Part { listens_closely: part.hears && part.listens_closely && number % apart == 0, ..part };
            Ok((door.member(floor, part.voice.is_some())?, part))
        };
        each.enumerate().map(ready).collect()
    }

    /// What talkers do. They listen closely where nobody else does.
    fn talkers(&self, others: usize) -> Result<Vec<Part>> {
        let part = |number| {
            let voice = Some(Voice::talking(number, self.talkers)?);
            Ok(Part { room: MIXED, voice, hears: self.talkers > 1, listens_closely: others == 0 })
        };
        (0..self.talkers).map(part).collect()
    }

    fn silent(&self, count: usize) -> Result<Vec<Part>> {
        let voice: Option<Arc<Voice>> = self.hush.then(Voice::silent).transpose()?;
        Ok(vec![Part { room: MIXED, voice, hears: true, listens_closely: true }; count])
    }
}

/// Talkers and `size` silent participants in each room.
pub async fn mixed(plan: &Plan, door: &Door, floor: &Floor) -> Result<Measured> {
    for room in plan.cast.numbers() {
        door.open_mix(room).await?;
    }
    let talkers = plan.cast.prepare(door, floor, &hearing(door, plan.cast.talkers(plan.size)?))?;
    let silent = plan.cast.prepare(door, floor, &plan.cast.silent(plan.size)?)?;
    let listeners = talkers.iter().chain(&silent).filter(|(_, part)| part.hears).count();
    let speakers = talkers.iter().chain(&silent).filter(|(_, part)| part.voice.is_some()).count();
    if silent.is_empty() {
        settle().await;
    }
    let mut measured = Measured { memory_before: memory(plan)?, joined: talkers.len(), ..Measured::default() };
    let mut meter = Meter::start(plan)?;
    let came = talkers.len();
    come_in(plan, door, floor, "talker", talkers).await?;
    floor.rig.wait("connected", came, PATIENCE, connected).await?;
    if !silent.is_empty() {
        settle().await;
        measured = Measured { memory_before: memory(plan)?, joined: silent.len(), ..Measured::default() };
        meter = Meter::start(plan)?;
    }
    let all = came + silent.len();
    come_in(plan, door, floor, "silent", silent).await?;
    floor.rig.wait("connected", all, PATIENCE, connected).await?;
    floor.rig.wait("heard the mix", listeners, PATIENCE, heard).await?;
    measured.join_cpu = meter.server()?;
    // The jitter buffers come down to what the path needs.
    settle().await;
    settle().await;
    let report = window(plan, floor, Traffic { speakers, listeners, ..Traffic::NONE }, &mut measured).await?;
    measured.joins = join_times(&report.timelines[came..]);
    Ok(measured)
}

/// A video room of `size` viewers beside a mixed room in which all talk.
pub async fn beside(plan: &Plan, door: &Door, floor: &Floor) -> Result<Measured> {
    let talkers = match plan.cast.talkers {
        0 => Vec::new(),
        _ => {
            door.open_mix(MIXED).await?;
            plan.cast.prepare(door, floor, &plan.cast.talkers(0)?)?
        }
    };
    let came = talkers.len();
    come_in(plan, door, floor, "talker", talkers).await?;
    floor.rig.wait("connected", came, PATIENCE, connected).await?;
    floor.rig.wait("heard the mix", came, PATIENCE, heard).await?;
    viewers(plan, door, floor, came).await
}

/// Empty mixed rooms.
pub async fn open(plan: &Plan, door: &Door) -> Result<()> {
    for room in 0..plan.size as u64 {
        door.empty_mix(MIXED + room).await?;
    }
    Ok(())
}

/// `size` talkers, each with an ear of its own, without a server.
pub async fn direct(plan: &Plan, door: &Door, floor: &Floor) -> Result<Measured> {
    let part = Part { room: ROOM, voice: Some(Voice::talking(0, 1)?), hears: true, listens_closely: true };
    let pairs = (0..plan.size).map(|number| {
        let part = Part { room: ROOM + number as u64, ..part.clone() };
        Ok((door.member(floor, true)?, part))
    });
    let pairs = pairs.collect::<Result<Vec<_>>>()?;
    come_in(plan, door, floor, "pair", pairs).await?;
    floor.rig.wait("heard their talker", plan.size, PATIENCE, heard).await?;
    settle().await;
    let mut measured = Measured { joined: plan.size, ..Measured::default() };
    let traffic = Traffic { speakers: plan.size, listeners: plan.size, ..Traffic::NONE };
    window(plan, floor, traffic, &mut measured).await?;
    Ok(measured)
}

/// A WHIP publisher does not hear anything.
fn hearing(door: &Door, mut parts: Vec<Part>) -> Vec<Part> {
    let deaf = matches!(door, Door::Whip(_));
    parts.iter_mut().for_each(|part| part.hears &= !deaf);
    parts
}

async fn come_in(plan: &Plan, door: &Door, floor: &Floor, who: &str, parts: Vec<(Ready, Part)>) -> Result<()> {
    stream::iter(parts.into_iter().enumerate().map(Ok))
        .try_for_each_concurrent(plan.at_once, |(number, (ready, part))| async move {
            door.take_part(floor, &format!("{who}-{number}"), ready, &part).await
        })
        .await
}

/// Does this case have mixed rooms with somebody in them?
pub fn is_mixed(case: Case) -> bool {
    matches!(case, Case::Mix | Case::MixDirect)
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Duration;

    use super::*;
    use crate::media::publisher::Shape;

    #[tokio::test]
    async fn marks_cross_a_path_without_a_server_within_the_delay_of_the_codec() {
        let plan = Plan {
            case: Case::MixDirect,
            size: 2,
            at_once: 1,
            window: Duration::from_secs(1),
            shape: Shape { burst: 1 },
            server: None,
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            cast: Cast::default(),
        };
        let measured = super::super::run(&plan, &Door::Direct).await.expect("a run");
        let mix = measured.mix.expect("marks were heard");
        assert!(mix.received >= mix.expected * 9 / 10, "{mix:?}");
        assert!(mix.marks >= 2 && mix.missed == 0, "{mix:?}");
        assert!(mix.p50.is_some_and(|delay| (1.0..25.0).contains(&delay)), "{mix:?}");
    }
}
