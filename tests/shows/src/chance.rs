//! Chance from a seed that is printed, so that a run can be repeated: `SEED=… cargo test`.

use fastrand::Rng;

/// The seed of a run.
#[derive(Clone, Copy, Debug)]
pub struct Seed(pub u64);

impl Seed {
    /// From `SEED`, or a new one; printed either way.
    pub fn of_this_run() -> Self {
        let given = std::env::var("SEED").ok().and_then(|text| text.parse().ok());
        let seed = given.unwrap_or_else(|| fastrand::u64(1..1_000_000));
        println!("SEED={seed}");
        Self(seed)
    }

    /// Dice of this seed; another number for each who throws some.
    pub fn dice(self, thrower: u64) -> Rng {
        Rng::with_seed(self.0.wrapping_mul(1_000_003).wrapping_add(thrower))
    }
}

/// A number from the environment, or the usual one.
pub fn setting(name: &str, usual: usize) -> usize {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")),
        Err(_) => usual,
    }
}
