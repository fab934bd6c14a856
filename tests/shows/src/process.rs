//! What a process needs of the processor and of memory, from `/proc`.

use std::fs;

/// Ticks a second: `USER_HZ`, which Linux has fixed at 100 for what it shows to programs.
const TICKS: f64 = 100.0;

/// Seconds of the processor that a process has used, in all its threads.
pub fn cpu_seconds(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    // The name stands in brackets and may hold anything; fields 14 and 15 count from before it.
    let rest = stat.rsplit(')').next().expect("a bracket");
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks: f64 = fields[11..=12].iter().map(|field| field.parse::<f64>().expect("a number")).sum();
    ticks / TICKS
}

/// Memory that a process holds now, in MiB.
pub fn memory_mib(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("its memory");
    let kib: f64 = line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number");
    kib / 1024.0
}
