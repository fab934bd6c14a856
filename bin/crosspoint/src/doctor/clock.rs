//! Is the clock right? Tokens and credentials that end are made and looked at by it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::Site;
use super::report::Finding;

const CHECK: &str = "clock";
/// What does not matter: the header has whole seconds, and the answer took its time.
const UNNOTICED: Duration = Duration::from_secs(10);
/// Tokens that were just made are refused by a clock that is so far away.
const TOO_FAR: Duration = Duration::from_secs(300);
/// systemd-timesyncd makes it when it has set the clock.
const SYNCHRONIZED: &str = "/run/systemd/timesync/synchronized";

/// Compares with the server's clock from elsewhere; on its machine, asks whether anything keeps it right.
pub fn check(site: &Site<'_>) -> Vec<Finding> {
    vec![if site.outside { compared(site) } else { kept_right() }]
}

fn compared(site: &Site<'_>) -> Finding {
    let Some((theirs, ours)) = site.server.running().and_then(|running| running.clocks) else {
        return Finding::not_checked(CHECK, "the server did not say what time it is", "Start it, and run this again.");
    };
    let apart = theirs.duration_since(ours).unwrap_or_else(|error| error.duration());
    let seen = format!("the server's and this machine's are {} s apart", apart.as_secs());
    let cure = "Tokens and credentials end at a time: set both clocks by NTP (systemd-timesyncd or chrony).";
    match apart {
        _ if apart <= UNNOTICED => Finding::ok(CHECK, seen),
        _ if apart <= TOO_FAR => Finding::warning(CHECK, seen, cure),
        _ => Finding::failed(CHECK, seen, cure),
    }
}

fn kept_right() -> Finding {
    match is_synchronized() {
        Some(true) => Finding::ok(CHECK, "set by NTP"),
        Some(false) => Finding::warning(
            CHECK,
            "not set by NTP",
            "Tokens and credentials end at a time: start systemd-timesyncd or chrony (timedatectl set-ntp true).",
        ),
        None => Finding::not_checked(
            CHECK,
            "this system does not say whether NTP sets it",
            "Tokens and credentials end at a time: compare with `date -u` elsewhere, or run this with --from-outside.",
        ),
    }
}

/// None: nobody knows.
fn is_synchronized() -> Option<bool> {
    if Path::new(SYNCHRONIZED).exists() {
        return Some(true);
    }
    let asked = Command::new("timedatectl").args(["show", "--property=NTPSynchronized", "--value"]).output().ok()?;
    match String::from_utf8_lossy(&asked.stdout).trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}
