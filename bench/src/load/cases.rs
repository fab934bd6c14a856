//! The cases, step by step.

use std::time::Duration;

use anyhow::Result;
use futures_util::stream::{self, TryStreamExt};

use super::{Case, Measured, Meter, Plan, Traffic, connected, heard, join_times, memory, mixed, seen, window};
use crate::doors::{Door, Floor, Sends};
use crate::media::driver::{Progress, Rig};
use crate::media::tally::Timeline;

pub(super) const ROOM: u64 = 1000;
pub(super) const PATIENCE: Duration = Duration::from_secs(40);

/// One publisher, then the viewers, then the window. `others` have come in and heard something before.
pub async fn viewers(plan: &Plan, door: &Door, floor: &Floor, others: usize) -> Result<Measured> {
    door.open_room(ROOM).await?;
    door.publish(floor, ROOM, "publisher", door.publisher(floor)?).await?;
    floor.rig.wait("connected", others + 1, PATIENCE, connected).await?;
    // Offers are made before the clock runs: a client's own work is not the server's.
    let prepared = (0..plan.size).map(|_| door.viewer(floor)).collect::<Result<Vec<_>>>()?;
    settle().await;

    let mut measured = Measured { memory_before: memory(plan)?, joined: plan.size, ..Measured::default() };
    let meter = Meter::start(plan)?;
    stream::iter(prepared.into_iter().enumerate().map(Ok))
        .try_for_each_concurrent(plan.at_once, |(number, ready)| async move {
            door.view(floor, ROOM, &format!("viewer-{number}"), ready).await?;
            if plan.at_once == 1 {
                floor.rig.wait("came in", others + number + 1, PATIENCE, step(plan)).await?;
            }
            Ok::<(), anyhow::Error>(())
        })
        .await?;
    floor.rig.wait("connected", others + plan.size + 1, PATIENCE, connected).await?;
    if plan.case != Case::Idle {
        floor.rig.wait("heard the publisher", others + plan.size, PATIENCE, heard).await?;
    }
    measured.join_cpu = meter.server()?;
    if matches!(plan.case, Case::Forward | Case::Beside) {
        floor.rig.wait("saw the publisher", plan.size, PATIENCE, seen).await?;
    }
    settle().await;
    let traffic = Traffic { publishers: 1, fan_out: plan.size, speakers: others, listeners: others };
    let report = window(plan, floor, traffic, &mut measured).await?;
    measured.joins = join_times(&report.timelines[others + 1..]);
    Ok(measured)
}

/// With one join at a time, the next one comes when this step is reached.
fn step(plan: &Plan) -> fn(&Progress) -> usize {
    if plan.case == Case::Idle { connected } else { heard }
}

/// Everybody sends to everybody.
pub async fn meeting(plan: &Plan, door: &Door, floor: &Floor) -> Result<Measured> {
    door.open_room(ROOM).await?;
    settle().await;
    let others = u32::try_from(plan.size)?.saturating_sub(1);
    let prepared = (0..plan.size).map(|_| door.participant(floor, others)).collect::<Result<Vec<_>>>()?;
    let mut measured = Measured { memory_before: memory(plan)?, joined: plan.size, ..Measured::default() };
    let meter = Meter::start(plan)?;
    let mut receivers = Vec::new();
    for (number, ready) in prepared.into_iter().enumerate() {
        let name = format!("participant-{number}");
        if let Some(seed) = door.attend(floor, ROOM, &name, ready).await? {
            receivers.push((name, seed));
        }
    }
    // Janus knows a feed only when its media is up.
    floor.rig.wait("connected", plan.size, PATIENCE, connected).await?;
    let connections = plan.size + receivers.len();
    for (name, seed) in receivers {
        door.meet(floor, ROOM, &name, seed).await?;
    }
    floor.rig.wait("connected", connections, PATIENCE, connected).await?;
    floor.rig.wait("saw the others", plan.size, PATIENCE, seen).await?;
    measured.join_cpu = meter.server()?;
    settle().await;
    let traffic = Traffic { publishers: plan.size, fan_out: plan.size.saturating_sub(1), ..Traffic::NONE };
    let report = window(plan, floor, traffic, &mut measured).await?;
    let receiving: Vec<Timeline> = report.timelines.into_iter().filter(|timeline| timeline.first_video != 0).collect();
    measured.joins = join_times(&receiving);
    Ok(measured)
}

/// Rooms that nobody is in.
pub async fn rooms(plan: &Plan, door: &Door) -> Result<Measured> {
    let rig = Rig::start()?;
    let floor = Floor::new(rig, plan.address, plan.shape, Sends::Nothing);
    let mut measured = Measured { memory_before: memory(plan)?, joined: plan.size, ..Measured::default() };
    let meter = Meter::start(plan)?;
    if plan.case == Case::MixedRooms {
        mixed::open(plan, door).await?;
    } else {
        for room in 0..plan.size as u64 {
            door.empty_room(ROOM + room).await?;
        }
    }
    measured.join_cpu = meter.server()?;
    settle().await;
    window(plan, &floor, Traffic::NONE, &mut measured).await?;
    Ok(measured)
}

/// Pairs without a server.
pub async fn direct(plan: &Plan, door: &Door, floor: &Floor) -> Result<Measured> {
    let mut measured = Measured { joined: plan.size, ..Measured::default() };
    for number in 0..plan.size {
        door.publish(floor, ROOM, &format!("pair-{number}"), door.publisher(floor)?).await?;
    }
    floor.rig.wait("saw their publisher", plan.size, PATIENCE, seen).await?;
    settle().await;
    window(plan, floor, Traffic { publishers: plan.size, fan_out: 1, ..Traffic::NONE }, &mut measured).await?;
    Ok(measured)
}

/// What joins left behind (retransmissions, reports, freed memory) is over after this.
pub(super) async fn settle() {
    tokio::time::sleep(Duration::from_millis(1500)).await;
}
