//! What a process costs, from `/proc`: CPU over all its threads, memory.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// CPU time of a process at one moment.
#[derive(Clone, Debug)]
pub struct Cpu {
    /// Nanoseconds on a CPU of each living thread (`schedstat`, kernel work in its name included).
    threads: BTreeMap<u32, u64>,
    /// Milliseconds of the whole process with threads that ended (`stat`, 10 ms steps).
    ticks_ms: u64,
}

impl Cpu {
    /// Reads it.
    pub fn of(pid: u32) -> Result<Self> {
        let mut threads = BTreeMap::new();
        for entry in fs::read_dir(format!("/proc/{pid}/task")).with_context(|| format!("process {pid} is gone"))? {
            let entry = entry?;
            // A thread may end between the listing and the reading.
            let Ok(text) = fs::read_to_string(entry.path().join("schedstat")) else { continue };
            let (Ok(id), Some(Ok(run))) =
                (entry.file_name().to_string_lossy().parse(), text.split_whitespace().next().map(str::parse))
            else {
                continue;
            };
            threads.insert(id, run);
        }
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let field = |at: usize| after_name.split_whitespace().nth(at).and_then(|text| text.parse::<u64>().ok());
        let ticks = field(11).zip(field(12)).context("an unknown form of /proc/PID/stat")?;
        Ok(Self { threads, ticks_ms: (ticks.0 + ticks.1) * 10 })
    }

    /// Seconds of CPU from an earlier reading to this one. Threads that ended in between are only in the coarse count of the
    /// process, which is taken when it is clearly larger.
    pub fn since(&self, earlier: &Self) -> f64 {
        let fine: u64 = self
            .threads
            .iter()
            .map(|(id, run)| run.saturating_sub(earlier.threads.get(id).copied().unwrap_or(0)))
            .sum();
        let fine = fine as f64 / 1e9;
        let coarse = self.ticks_ms.saturating_sub(earlier.ticks_ms) as f64 / 1e3;
        if coarse > fine * 1.05 + 0.03 { coarse } else { fine }
    }
}

/// Memory of a process in KiB.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Memory {
    /// Resident.
    pub rss: u64,
    /// Resident, shared pages divided among their users.
    pub pss: u64,
}

impl Memory {
    /// Reads it.
    pub fn of(pid: u32) -> Result<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        let (rss, pss) = field("Rss:").zip(field("Pss:")).context("an unknown form of smaps_rollup")?;
        Ok(Self { rss, pss })
    }
}

/// Where the kernel shares the processor among sessions first (`sched_autogroup`), `nice` weighs only within one: this puts the
/// whole session before the others. Dropped, it is as before.
pub struct Foremost(Option<String>);

const AUTOGROUP: &str = "/proc/self/autogroup";

impl Foremost {
    /// Puts this session first, where that means anything.
    pub fn claim() -> Self {
        // "/autogroup-7 nice 0"
        let before = fs::read_to_string(AUTOGROUP).ok();
        let before = before.and_then(|text| text.trim().rsplit_once(' ').map(|(_, nice)| nice.to_owned()));
        Self(before.filter(|_| fs::write(AUTOGROUP, "-20").is_ok()))
    }
}

impl Drop for Foremost {
    fn drop(&mut self) {
        if let Some(before) = self.0.take() {
            // It only makes other work wait: not worth an error at the end of a run.
            let _ = fs::write(AUTOGROUP, before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_work_of_this_process_is_seen() {
        let before = Cpu::of(std::process::id()).expect("own process");
        let mut sum = 0_u64;
        let began = std::time::Instant::now();
        while began.elapsed().as_millis() < 50 {
            sum = std::hint::black_box(sum.wrapping_mul(31) + 1);
        }
        let used = Cpu::of(std::process::id()).expect("own process").since(&before);
        assert!(used > 0.001 && used < 60.0, "{used} s");
        assert!(Memory::of(std::process::id()).expect("own process").pss > 100);
    }
}
