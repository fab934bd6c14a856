//! One run of one case against one server, from inside the clients' namespace. In: a [`Plan`]; out: [`Measured`], as JSON.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::doors::{Door, Floor, Sends};
use crate::media::crypto::agreed_profiles;
use crate::media::driver::{Progress, Report, Rig};
use crate::media::payload::wall_ns;
use crate::media::publisher::{AUDIO_PER_SECOND, Shape};
use crate::media::tally::{Count, Hearing, Timeline, quantile};
use crate::server::process::{Cpu, Memory};

mod cases;
mod mixed;

pub use mixed::{Cast, is_mixed};

/// What is loaded onto a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Case {
    /// One publisher, `size` viewers.
    Forward,
    /// `size` participants, everybody sends and receives.
    Meeting,
    /// One silent publisher, `size` viewers: nothing is sent.
    Idle,
    /// `size` viewers join a running room.
    Joins,
    /// `size` rooms with nobody in them.
    Rooms,
    /// `size` mixed rooms with nobody in them.
    MixedRooms,
    /// `size` publishers, each with a viewer of its own, and no server.
    Direct,
    /// Mixed rooms, each with talkers and `size` who are silent.
    Mix,
    /// One publisher, `size` viewers, and beside them a mixed room in which all talk.
    Beside,
    /// `size` talkers, each with a listener of its own, and no server.
    MixDirect,
}

impl Case {
    /// The case without a server that its latency is compared with.
    pub fn baseline(self) -> Self {
        if is_mixed(self) { Self::MixDirect } else { Self::Direct }
    }
}

/// One run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What.
    pub case: Case,
    /// How many.
    pub size: usize,
    /// How many joins are under way at a time.
    pub at_once: usize,
    /// How long the measured window is.
    pub window: Duration,
    /// How publishers send.
    pub shape: Shape,
    /// The server's process.
    pub server: Option<u32>,
    /// The clients' address.
    pub address: IpAddr,
    /// Who is in mixed rooms.
    pub cast: Cast,
}

/// Milliseconds from the first request of a join.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Steps {
    /// Half of all.
    pub p50: f64,
    /// All but a twentieth.
    pub p95: f64,
}

/// How long joins took.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct JoinTimes {
    /// Joins counted.
    pub count: usize,
    /// To ICE and DTLS up.
    pub connected: Option<Steps>,
    /// To the first audio packet.
    pub audio: Option<Steps>,
    /// To the first video packet.
    pub video: Option<Steps>,
    /// To the first packet of a key frame.
    pub key_frame: Option<Steps>,
}

/// What came of mixed rooms in the window.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Mixed {
    /// Packets that talkers should have sent.
    pub nominal: u64,
    /// Packets that they sent.
    pub sent: u64,
    /// Packets that should have come to all who hear somebody: one every 20 ms.
    pub expected: u64,
    /// Packets that did.
    pub received: u64,
    /// Milliseconds from a talker to the sound in a listener's decoder, half of all marks; none without any.
    pub p50: Option<f64>,
    /// The same, all but a twentieth.
    pub p95: Option<f64>,
    /// Marks heard.
    pub marks: u64,
    /// Marks not heard.
    pub missed: u64,
}

/// What a run showed. Times in seconds unless the name says otherwise; memory in KiB.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Measured {
    /// The window's length.
    pub window: f64,
    /// Packets that the publishers should have sent in the window.
    pub nominal: u64,
    /// Packets published in the window.
    pub sent: Count,
    /// Packets that should have arrived of those.
    pub expected: Count,
    /// Packets that did.
    pub received: Count,
    /// Server CPU in the window.
    pub server_cpu: f64,
    /// Generator CPU in the window.
    pub generator_cpu: f64,
    /// One-way latency in microseconds, half of all packets.
    pub latency_p50: Option<f64>,
    /// One-way latency in microseconds, all but a hundredth.
    pub latency_p99: Option<f64>,
    /// How long joins took.
    pub joins: JoinTimes,
    /// Clients that joined in the timed phase (viewers, participants) or rooms made.
    pub joined: usize,
    /// Server CPU from before the first to after the last of them was connected.
    pub join_cpu: f64,
    /// The server before they came.
    pub memory_before: Memory,
    /// The server with all of them, after the window.
    pub memory_after: Memory,
    /// The SRTP profiles agreed on.
    pub profiles: std::collections::BTreeMap<String, u32>,
    /// Connections that ended by themselves.
    pub lost: usize,
    /// What came of mixed rooms, where there were any.
    #[serde(default)]
    pub mix: Option<Mixed>,
}

/// Does one run.
pub async fn run(plan: &Plan, door: &Door) -> Result<Measured> {
    door.wait_ready().await?;
    let sends = match plan.case {
        Case::Idle | Case::Rooms | Case::MixedRooms | Case::Mix | Case::MixDirect => Sends::Nothing,
        // Two hundred newcomers would overload Janus with video alone: joins are measured on sound.
        Case::Joins => Sends::Audio,
        Case::Forward | Case::Meeting | Case::Direct | Case::Beside => Sends::Everything,
    };
    let floor = Floor::new(Rig::start()?, plan.address, plan.shape, sends);
    let mut measured = match plan.case {
        Case::Forward | Case::Idle | Case::Joins => cases::viewers(plan, door, &floor, 0).await?,
        Case::Meeting => cases::meeting(plan, door, &floor).await?,
        Case::Rooms | Case::MixedRooms => cases::rooms(plan, door).await?,
        Case::Direct => cases::direct(plan, door, &floor).await?,
        Case::Mix => mixed::mixed(plan, door, &floor).await?,
        Case::Beside => mixed::beside(plan, door, &floor).await?,
        Case::MixDirect => mixed::direct(plan, door, &floor).await?,
    };
    measured.profiles = agreed_profiles();
    Ok(measured)
}

/// The readings around a span of time.
struct Meter {
    server: Option<(u32, Cpu)>,
    own: Cpu,
}

impl Meter {
    fn start(plan: &Plan) -> Result<Self> {
        let server = plan.server.map(|pid| Cpu::of(pid).map(|cpu| (pid, cpu))).transpose()?;
        Ok(Self { server, own: Cpu::of(std::process::id())? })
    }

    fn server(&self) -> Result<f64> {
        self.server.as_ref().map_or(Ok(0.0), |(pid, before)| Ok(Cpu::of(*pid)?.since(before)))
    }

    fn own(&self) -> Result<f64> {
        Ok(Cpu::of(std::process::id())?.since(&self.own))
    }
}

fn memory(plan: &Plan) -> Result<Memory> {
    plan.server.map_or(Ok(Memory::default()), Memory::of)
}

/// Who sends how much in a window, and to how many.
#[derive(Clone, Copy)]
struct Traffic {
    publishers: usize,
    /// Receivers of each packet.
    fan_out: usize,
    /// Who send in mixed rooms.
    speakers: usize,
    /// Who hear somebody there.
    listeners: usize,
}

impl Traffic {
    const NONE: Self = Self { publishers: 0, fan_out: 0, speakers: 0, listeners: 0 };

    /// What came of its mixed rooms in a window of so many seconds.
    fn mixed(&self, seconds: f64, hearing: &mut Hearing) -> Option<Mixed> {
        let packets = |who: usize| (who as f64 * seconds * AUDIO_PER_SECOND) as u64;
        (self.listeners > 0).then(|| Mixed {
            nominal: packets(self.speakers),
            sent: hearing.sent,
            expected: packets(self.listeners),
            received: hearing.received,
            p50: quantile(&mut hearing.delays, 0.5),
            p95: quantile(&mut hearing.delays, 0.95),
            marks: hearing.delays.len() as u64,
            missed: hearing.missed,
        })
    }
}

/// Measures one window; late packets get a second more.
async fn window(plan: &Plan, floor: &Floor, traffic: Traffic, measured: &mut Measured) -> Result<Report> {
    let from = wall_ns() + 20_000_000;
    floor.rig.measure(from, from + plan.window.as_nanos() as u64)?;
    tokio::time::sleep(Duration::from_millis(20)).await;
    let meter = Meter::start(plan)?;
    let began = std::time::Instant::now();
    tokio::time::sleep(plan.window).await;
    measured.server_cpu = meter.server()?;
    measured.generator_cpu = meter.own()?;
    measured.window = began.elapsed().as_secs_f64();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut report = floor.rig.report().await?;
    measured.mix = traffic.mixed(plan.window.as_secs_f64(), &mut report.hearing);
    measured.memory_after = memory(plan)?;
    measured.sent = report.sent;
    measured.received = report.received;
    let fan_out = traffic.fan_out as u64;
    measured.expected = Count { audio: report.sent.audio * fan_out, video: report.sent.video * fan_out };
    measured.nominal =
        (floor.sends.packets_per_second() * traffic.publishers as f64 * plan.window.as_secs_f64()) as u64;
    measured.lost = report.lost;
    if report.received.total() > 0 {
        measured.latency_p50 = Some(report.latencies.quantile(0.5));
        measured.latency_p99 = Some(report.latencies.quantile(0.99));
    }
    Ok(report)
}

fn join_times(timelines: &[Timeline]) -> JoinTimes {
    let steps = |step: fn(&Timeline) -> u64| {
        let reached = timelines.iter().filter(|timeline| step(timeline) != 0);
        let mut took: Vec<f64> =
            reached.map(|timeline| step(timeline).saturating_sub(timeline.started) as f64 / 1e6).collect();
        quantile(&mut took, 0.5).zip(quantile(&mut took, 0.95)).map(|(p50, p95)| Steps { p50, p95 })
    };
    JoinTimes {
        count: timelines.len(),
        connected: steps(|timeline| timeline.connected),
        audio: steps(|timeline| timeline.first_audio),
        video: steps(|timeline| timeline.first_video),
        key_frame: steps(|timeline| timeline.first_key),
    }
}

fn connected(progress: &Progress) -> usize {
    progress.connected.load(std::sync::atomic::Ordering::Relaxed)
}

fn heard(progress: &Progress) -> usize {
    progress.heard.load(std::sync::atomic::Ordering::Relaxed)
}

fn seen(progress: &Progress) -> usize {
    progress.seen.load(std::sync::atomic::Ordering::Relaxed)
}
