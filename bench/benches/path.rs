//! The per-packet path on this machine: what one packet to 50 subscribers costs at the very least.
//!
//! *Floor*: receive, AES-128-GCM open, and for each subscriber copy, new header, seal, send: one thread, no protocol. Whatever
//! a server adds stands as a ratio to that. CPU time of the thread, kernel included, over loopback; medians of several rounds.
//!
//! `cargo bench -p crosspoint-bench`

mod floor;

fn main() -> anyhow::Result<()> {
    println!("CPU per outgoing packet (1.1 kB payload), 50 subscribers, one thread");
    for burst in [4, 1] {
        let microseconds = floor::per_packet(burst)?;
        println!("  floor, {burst} packet(s) of a frame at a time: {microseconds:.2} µs");
    }
    Ok(())
}
