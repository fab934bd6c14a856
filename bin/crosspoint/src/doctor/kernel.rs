//! What the kernel grants: buffers of sockets, open files, cores.

use std::fs;
use std::thread::available_parallelism;

use crosspoint_worker::KERNEL_BUFFER;
use rustix::process::{Resource, getrlimit};

use super::Site;
use super::holder::{self, Protocol};
use super::report::Finding;

/// Files that may be open at least: a signalling socket and a TCP leg for each of many participants.
const FILES: u64 = 65_536;

/// All of them.
pub fn check(site: &Site<'_>) -> Vec<Finding> {
    vec![buffers(), open_files(site), cores(site)]
}

fn buffers() -> Finding {
    const CHECK: &str = "socket buffers";
    let limit =
        |name: &str| fs::read_to_string(format!("/proc/sys/net/core/{name}")).ok()?.trim().parse::<usize>().ok();
    let (Some(receive), Some(send)) = (limit("rmem_max"), limit("wmem_max")) else {
        return Finding::not_checked(CHECK, "/proc/sys/net/core cannot be read", "Run this outside of the container.");
    };
    let seen = format!("net.core.rmem_max is {receive}, wmem_max {send}; the server asks for {KERNEL_BUFFER}");
    if receive.min(send) >= KERNEL_BUFFER {
        return Finding::ok(CHECK, seen);
    }
    let cure = "Bursts get lost: sysctl -w net.core.rmem_max=8388608 net.core.wmem_max=8388608, and the same in \
                /etc/sysctl.d/crosspoint.conf; then start the server again.";
    Finding::warning(CHECK, seen, cure)
}

fn open_files(site: &Site<'_>) -> Finding {
    const CHECK: &str = "open files";
    let relays = if site.config.turn.port.is_some() { site.config.turn.allocations as u64 } else { 0 };
    // A relay has a socket of its own, and its client may have come over TCP.
    let advised = FILES.max(2 * relays);
    let (limit, whose) = match limit_of_server(site) {
        Some(limit) => (limit, "the server's"),
        None => (getrlimit(Resource::Nofile).maximum, "this shell's"),
    };
    let shown = limit.map_or_else(|| "unlimited".to_owned(), |limit| limit.to_string());
    let seen = format!("{whose} hard limit is {shown}; {advised} or more are advised");
    if limit.is_none_or(|limit| limit >= advised) {
        return Finding::ok(CHECK, seen);
    }
    Finding::warning(CHECK, seen, format!("In the systemd unit: LimitNOFILE={}", advised.max(262_144)))
}

/// The hard limit of the server that runs, if it runs and lets us see it; none in it: unlimited.
fn limit_of_server(site: &Site<'_>) -> Option<Option<u64>> {
    site.server.running()?;
    let process = holder::of(Protocol::Tcp, site.config.http.bind)?.process;
    hard_limit(&fs::read_to_string(format!("/proc/{process}/limits")).ok()?)
}

fn hard_limit(limits: &str) -> Option<Option<u64>> {
    let values = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match values.split_whitespace().nth(1)? {
        "unlimited" => Some(None),
        number => Some(Some(number.parse().ok()?)),
    }
}

fn cores(site: &Site<'_>) -> Finding {
    const CHECK: &str = "workers";
    let workers = site.config.media.workers;
    let Ok(cores) = available_parallelism() else {
        return Finding::not_checked(CHECK, "the system does not say how many cores there are", "");
    };
    let seen = format!("{workers} for {cores} cores");
    if workers <= cores.get() {
        return Finding::ok(CHECK, seen);
    }
    Finding::warning(CHECK, seen, "They wait for each other: set media.workers = 0, which takes one for each core.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hard_limit_is_the_second_number() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                      Max open files            1024                 524288               files\n";
        assert_eq!(hard_limit(limits), Some(Some(524_288)));
        assert_eq!(
            hard_limit("Max open files            1024                 unlimited            files\n"),
            Some(None)
        );
        assert_eq!(hard_limit("nonsense"), None);
    }
}
