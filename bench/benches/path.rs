//! The per-packet path on this machine: one publisher, 50 subscribers, one thread.
//!
//! *Floor*: receive, AES-128-GCM open, and for each subscriber copy, new header, seal, send; no protocol. *Engine*: the
//! server's own path from received datagrams to sent ones (`media/engine` and `media/udp`), with everything that the
//! subscribers' reports cause. The ratio between them is what can be compared between machines.
//!
//! Medians of the wall time of many frames, over loopback: run it on a quiet machine. `cargo bench -p crosspoint-bench`

mod engine;
mod floor;

/// Viewers of the one publisher.
const SUBSCRIBERS: usize = 50;

fn main() -> anyhow::Result<()> {
    println!("per outgoing packet (1.1 kB payload), {SUBSCRIBERS} subscribers, one thread, AES-GCM, loopback\n");
    println!("| video packets at a time | floor | engine | sending | engine and sending, of the floor | delivered |");
    println!("|---|---|---|---|---|---|");
    for burst in [4, 1] {
        let floor = floor::per_packet(burst)?;
        let cost = engine::per_packet(burst)?;
        let ratio = (cost.engine + cost.sending) / floor;
        println!(
            "| {burst} | {floor:.2} µs | {:.2} µs | {:.2} µs | {ratio:.1} × | {:.1} % |",
            cost.engine,
            cost.sending,
            cost.delivered * 100.0
        );
    }
    Ok(())
}

/// The middle of some values.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
