//! Many telephones in many shows: what the server needs for it, how much waits at the telephone company, and how late and how
//! loud sound arrives. Prints a table in the style of BENCHMARKS.md.
//!
//! ```sh
//! cargo run --release -p crosspoint-shows-tests --bin shows-load -- --server target/release/crosspoint --shows 40 --calls 200 --seconds 30
//! ```
//!
//! In each show two callers are on the air and say a tone, the others wait in the live room and hear them. The telephone
//! company and all ears are in this process, on the same processors as the server, whose own use is read from `/proc`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use crosspoint_phone_sim::Play;
use crosspoint_shows_tests::ear::FRAME;
use crosspoint_shows_tests::figures::{Numbers, Table};
use crosspoint_shows_tests::process::{cpu_seconds, memory_mib};
use crosspoint_shows_tests::server::binary;
use crosspoint_shows_tests::studio::{Ringing, Seat};
use crosspoint_shows_tests::tone::{ODD, PHONE_RATE, ROOM_RATE, TONES, level, level_of_20_ms, said};
use crosspoint_shows_tests::{Caller, Ear, Events, House, Mouth, Seed, Studio};
use fastrand::Rng;
use serde_json::json;
use tokio::time::sleep;

/// Callers on the air in each show.
const ON_AIR: usize = 2;
/// Shows in which a host hears and speaks, for the delays.
const HOSTS: usize = 4;
/// The tone of hosts, and that of bursts.
const HOST: usize = 8;
const BURST: usize = 6;
/// Bursts each way and show.
const BURSTS: usize = 10;
/// In 20 ms: more than half of it is there.
const THERE: f64 = -6.0;
/// Levels are taken over so long.
const LEVELS: usize = 2;

#[tokio::main(flavor = "multi_thread")]
async fn main() -> anyhow::Result<()> {
    let plan = Plan::from_arguments()?;
    let mut load = Load::begin(&plan).await;
    let mut table = Table::default();
    load.rest(&plan, &mut table).await;
    load.levels(&mut table).await;
    load.delays(&mut table).await;
    load.end(&mut table);
    table.print(&format!("{} simulated calls in {} shows, {} s", plan.calls, plan.shows, plan.seconds));
    Ok(())
}

/// What is asked for.
struct Plan {
    server: PathBuf,
    shows: usize,
    calls: usize,
    seconds: u64,
    workers: String,
}

impl Plan {
    fn from_arguments() -> anyhow::Result<Self> {
        let mut plan = Self { server: PathBuf::new(), shows: 40, calls: 200, seconds: 30, workers: "1".into() };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let value = arguments.next().with_context(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--server" => plan.server = value.into(),
                "--shows" => plan.shows = value.parse()?,
                "--calls" => plan.calls = value.parse()?,
                "--seconds" => plan.seconds = value.parse()?,
                "--workers" => plan.workers = value,
                _ => bail!("there are --server, --shows, --calls, --seconds and --workers, not {name}"),
            }
        }
        if plan.server.as_os_str().is_empty() {
            plan.server = binary();
        }
        if plan.shows == 0 || plan.calls < plan.shows * ON_AIR {
            bail!("each show needs {ON_AIR} calls for the air");
        }
        Ok(plan)
    }
}

/// One show of them.
struct Hall {
    studio: Studio,
    calls: Vec<Ringing>,
    events: Events,
    host: Option<(Seat, Ear, Mouth)>,
}

struct Load {
    house: House,
    halls: Vec<Hall>,
    dice: Rng,
}

impl Load {
    async fn begin(plan: &Plan) -> Self {
        let house = House::open_with(&plan.server, &["--media.workers", &plan.workers]).await;
        let mut halls = Vec::new();
        for show in 0..plan.shows {
            let calls = plan.calls / plan.shows + usize::from(show < plan.calls % plan.shows);
            halls.push(Hall::open(&house, show, calls).await);
        }
        for hall in halls.iter_mut().take(HOSTS) {
            let seat = hall.studio.seat("host", "Hannah").await;
            let (ear, mouth) = hall.studio.sit(&seat).await;
            hall.host = Some((seat, ear, mouth));
        }
        Self { house, halls, dice: Seed::of_this_run().dice(1) }
    }

    /// Nobody but the shows themselves does anything: what the server needs, and what waits.
    async fn rest(&self, plan: &Plan, table: &mut Table) {
        sleep(Duration::from_secs(5)).await;
        self.halls.iter().for_each(|hall| hall.events.forget());
        let (pid, own) = (self.house.server.pid(), std::process::id());
        let (before, own_before, since) = (cpu_seconds(pid), cpu_seconds(own), Instant::now());
        let mut queues = Numbers::default();
        while since.elapsed() < Duration::from_secs(plan.seconds) {
            sleep(Duration::from_millis(500)).await;
            for call in self.calls() {
                queues.add(call.caller.stream().playout_queue_ms as f64);
            }
        }
        let seconds = since.elapsed().as_secs_f64();
        let per_second = (cpu_seconds(pid) - before) * 1000.0 / seconds;
        table.row(
            "server's processor time",
            format!("{per_second:.0} ms/s, {:.2} ms/s per call", per_second / plan.calls as f64),
        );
        table.row("server's memory", format!("{:.0} MiB", memory_mib(pid)));
        let own = (cpu_seconds(own) - own_before) * 1000.0 / seconds;
        table.row("telephone company's and ears' processor time, beside it", format!("{own:.0} ms/s"));
        let lines: Vec<_> = self.halls.iter().flat_map(|hall| hall.events.lines()).collect();
        let of = |figure: fn(&crosspoint_model::show::LineReport) -> u32| -> Numbers {
            lines.iter().map(|line| f64::from(figure(line))).collect()
        };
        table.row("backlog of a line, as the server sees it", of(|line| line.backlog_ms).line("ms"));
        table.row("the same, as the telephone company sees it", queues.line("ms"));
        table.row("jitter buffer of a line", of(|line| line.buffer_ms).line("ms"));
        table.row("jitter of a line", of(|line| line.jitter_ms).line("ms"));
        table.row(
            "concealed frames of a line",
            lines.iter().map(|line| line.concealed as f64).collect::<Numbers>().line(""),
        );
    }

    /// How loud, both ways, and how much of themselves callers hear.
    async fn levels(&mut self, table: &mut Table) {
        let (mut to_host, mut to_phone, mut own) = (Numbers::default(), Numbers::default(), Numbers::default());
        for hall in &mut self.halls {
            let Some((_, ear, mouth)) = &mut hall.host else { continue };
            mouth.say_tone(TONES[HOST]);
            let first = &hall.calls[0].caller;
            first.until_level(Duration::from_secs(5), "the host is heard", TONES[HOST], |level| level > -3.0).await;
            let heard = ear.span(ear.position(), LEVELS * ROOM_RATE as usize).await;
            for call in &hall.calls[..ON_AIR] {
                to_host.add(level(&heard, ROOM_RATE, call.caller.hz));
                let heard = call.caller.span(call.caller.position(), LEVELS * PHONE_RATE as usize).await;
                to_phone.add(level(&heard, PHONE_RATE, TONES[HOST]));
            }
            first.say_tone(ODD);
            ear.until_level(Duration::from_secs(5), "the host hears the other tone", ODD, |level| level > -3.0).await;
            let heard = first.span(first.position(), LEVELS * PHONE_RATE as usize).await;
            own.add(level(&heard, PHONE_RATE, ODD));
            mouth.be_silent();
        }
        let span = |numbers: &Numbers| format!("{:+.2} to {:+.2} dB", numbers.percentile(0.0), numbers.most());
        table.row("level, telephone to host", span(&to_host));
        table.row("level, host to telephone", span(&to_phone));
        table.row("a caller's own voice in what they hear", span(&own));
    }

    async fn delays(&mut self, table: &mut Table) {
        let (mut to_host, mut to_phone, mut waits) = (Numbers::default(), Numbers::default(), Numbers::default());
        for hall in &self.halls {
            let Some((_, ear, mouth)) = &hall.host else { continue };
            let caller = &hall.calls[0].caller;
            caller.say(None);
            for _ in 0..BURSTS {
                sleep(Duration::from_micros(self.dice.u64(250_000..450_000))).await;
                to_host.extend(burst_to_host(caller, ear).await);
            }
            let clock = clock_of(caller).await;
            for _ in 0..BURSTS {
                sleep(Duration::from_micros(self.dice.u64(250_000..450_000))).await;
                waits.add(caller.stream().playout_queue_ms as f64);
                to_phone.extend(burst_to_phone(mouth, caller, clock).await);
            }
        }
        table.row(
            "telephone to host's ear",
            format!("{}; of which 10 ms are the telephone's own wait for its next frame", to_host.line("ms")),
        );
        table.row("host's mouth to telephone", to_phone.line("ms"));
        let asked = 2 * BURSTS * HOSTS.min(self.halls.len());
        let missed = asked - to_host.count() - to_phone.count();
        table.row("sounds that were not found again within half a second", format!("{missed} of {asked}"));
        table.row(
            "for comparison: a host's mouth to another host's ear, both over plain sound",
            self.between_hosts().await.line("ms"),
        );
        let (late, waits) = (to_phone.median(), waits.median());
        table.row("of the latter, what waited at the telephone company", format!("p50 {waits:.0} ms"));
        table.row("the server's own share of it", format!("p50 {:.0} ms", late - waits));
    }

    /// What the measuring path itself needs: two sockets of plain sound and the mixer between them.
    async fn between_hosts(&mut self) -> Numbers {
        let hall = &self.halls[0];
        let Some((_, ear, _)) = &hall.host else { return Numbers::default() };
        let other = hall.studio.seat("host", "Henry").await;
        let (_other_ear, mouth) = hall.studio.sit(&other).await;
        let mut late = Numbers::default();
        for _ in 0..BURSTS {
            sleep(Duration::from_micros(self.dice.u64(250_000..450_000))).await;
            let (since, from) = (Instant::now(), ear.position());
            mouth.say_at_once(&said(TONES[BURST], ROOM_RATE, ROOM_RATE as usize / 10)).await;
            late.extend(heard_after(ear, from, since).await);
        }
        late
    }

    fn end(&self, table: &mut Table) {
        let streams: Vec<_> = self.calls().map(|call| call.caller.report()).collect();
        let lost = streams.iter().filter(|report| report.streams != 1).count();
        let underruns: u64 =
            streams.iter().filter_map(|report| report.stream.as_ref()).map(|stream| stream.underruns).sum();
        let clears: u64 = streams.iter().filter_map(|report| report.stream.as_ref()).map(|stream| stream.clears).sum();
        let errors = streams.iter().filter_map(|report| report.error.as_ref()).count();
        table.row("calls that lost their stream, or had an error", format!("{lost}, {errors}"));
        table.row("gaps in what telephones heard, all of them together", underruns.to_string());
        table.row("clear, all of them together", clears.to_string());
    }

    fn calls(&self) -> impl Iterator<Item = &Ringing> {
        self.halls.iter().flat_map(|hall| &hall.calls)
    }
}

impl Hall {
    async fn open(house: &House, show: usize, calls: usize) -> Self {
        let (name, number) = (format!("show-{show}"), format!("+1415555{show:04}"));
        house.operator.make_show(&name, &[&number], json!({})).await;
        let studio = house.studio(&name, &number);
        let events = Events::of(&house.server.url(), &name).await;
        let mut placed = Vec::new();
        for call in 0..calls {
            // Only those are recorded that are listened to.
            let records = show < HOSTS && call < ON_AIR;
            let tone = (call < ON_AIR).then_some(call);
            placed.push(house.phones.place_kept(&format!("+1202{show:03}{call:04}"), &number, tone, records));
        }
        let mut ringing = Vec::new();
        for caller in placed {
            let call = studio.arrival(&caller).await;
            studio.act(&studio.operator, &call, "approve").await;
            if ringing.len() < ON_AIR {
                studio.act(&studio.operator, &call, "air").await;
            }
            ringing.push(Ringing { caller, call });
        }
        Self { studio, calls: ringing, events, host: None }
    }
}

/// A telephone says something short: from then until the frame comes in which it begins.
async fn burst_to_host(caller: &Caller, ear: &Ear) -> Option<f64> {
    let samples: Arc<[f32]> = said(TONES[BURST], PHONE_RATE, PHONE_RATE as usize / 10).into();
    let (since, from) = (Instant::now(), ear.position());
    caller.say(Some(&Play::Samples(samples)));
    heard_after(ear, from, since).await
}

/// From then until the frame comes in which the burst begins, which is looked for from a position on; none: it is not there.
async fn heard_after(ear: &Ear, from: usize, since: Instant) -> Option<f64> {
    // Half a second is more than it can take.
    ear.span(from, ROOM_RATE as usize / 2).await;
    let heard = ear.heard();
    let start = from.saturating_sub(FRAME);
    let place = onset(&heard.samples[start..], ROOM_RATE, TONES[BURST])?;
    Some((heard.came[(start + place) / FRAME] - since).as_secs_f64() * 1000.0)
}

/// When the recording of a caller began: the sample `n` is played `n / 8000` seconds later.
async fn clock_of(caller: &Caller) -> Instant {
    let mut began: Option<Instant> = None;
    let until = Instant::now() + Duration::from_secs(1);
    while Instant::now() < until {
        let samples = caller.position();
        let now = Instant::now();
        if let Some(then) = now.checked_sub(Duration::from_secs_f64(samples as f64 / f64::from(PHONE_RATE))) {
            began = Some(began.map_or(then, |began| began.min(then)));
        }
        sleep(Duration::from_millis(1)).await;
    }
    began.expect("it was looked at")
}

/// A host says something short: from then until the telephone company plays its beginning.
async fn burst_to_phone(mouth: &Mouth, caller: &Caller, clock: Instant) -> Option<f64> {
    let from = caller.position();
    let since = Instant::now();
    mouth.say_at_once(&said(TONES[BURST], ROOM_RATE, ROOM_RATE as usize / 10)).await;
    let heard = caller.span(from, PHONE_RATE as usize / 2).await;
    let place = from + onset(&heard, PHONE_RATE, TONES[BURST])?;
    let played = clock + Duration::from_secs_f64(place as f64 / f64::from(PHONE_RATE));
    Some((played - since).as_secs_f64() * 1000.0)
}

/// The sample at which a tone begins.
fn onset(samples: &[f32], rate: u32, hz: f64) -> Option<usize> {
    let frame = rate as usize / 50;
    let mut places = (0..samples.len().saturating_sub(frame)).step_by(rate as usize / 1000);
    places.find(|from| level_of_20_ms(&samples[*from..*from + frame], rate, hz) > THERE).map(|from| from + frame / 2)
}
