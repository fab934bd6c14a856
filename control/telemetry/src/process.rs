//! CPU, memory, threads and open files of this process, as Linux tells them.

use std::fmt;
use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

/// The kernel counts CPU time in hundredths of a second towards user space (`USER_HZ` is 100 on every Linux).
const TICKS_PER_SECOND: f64 = 100.0;
/// Pages of x86-64 and of most ARM machines.
const PAGE_BYTES: u64 = 4096;

/// Reads the figures of this process.
#[derive(Debug)]
pub struct Process;

impl Process {
    /// Seconds of CPU that this process has used, over all threads, kernel included.
    pub fn cpu_seconds(&self) -> Option<f64> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        // The command stands in brackets and may hold spaces; utime and stime are fields 14 and 15 (proc(5)).
        let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
        let user: f64 = fields.next()?.parse().ok()?;
        let system: f64 = fields.next()?.parse().ok()?;
        Some((user + system) / TICKS_PER_SECOND)
    }

    /// Bytes of memory that are in use.
    pub fn resident_bytes(&self) -> Option<u64> {
        let statm = fs::read_to_string("/proc/self/statm").ok()?;
        let pages: u64 = statm.split_ascii_whitespace().nth(1)?.parse().ok()?;
        Some(pages * PAGE_BYTES)
    }

    /// Open files and sockets.
    pub fn open_files(&self) -> Option<u64> {
        u64::try_from(fs::read_dir("/proc/self/fd").ok()?.count()).ok()
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        if let Some(seconds) = self.cpu_seconds() {
            let metric = ConstCounter::new(seconds);
            let help = "CPU used, kernel included";
            metric.encode(encoder.encode_descriptor(
                "process_cpu",
                help,
                Some(&Unit::Seconds),
                metric.metric_type(),
            )?)?;
        }
        let gauges = [
            ("process_resident_memory", "Memory in use", Some(Unit::Bytes), self.resident_bytes()),
            ("process_open_files", "Open files and sockets", None, self.open_files()),
        ];
        for (name, help, unit, value) in gauges {
            if let Some(value) = value {
                let metric = ConstGauge::new(value);
                metric.encode(encoder.encode_descriptor(name, help, unit.as_ref(), metric.metric_type())?)?;
            }
        }
        Ok(())
    }
}
