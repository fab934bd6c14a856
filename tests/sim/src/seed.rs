//! Where chance comes from.

/// What a run without a seed of its own begins with: the same each time, so that a failure is a change in the code.
const USUAL: u64 = 20_260_101;

/// The seed of a run: `SIM_SEED` from the environment, or the usual one. Prints itself when the test that holds it panics.
#[derive(Debug)]
pub struct Seed(pub u64);

impl Seed {
    /// The seed of this run.
    pub fn of_this_run() -> Self {
        let given = std::env::var("SIM_SEED").ok().and_then(|text| text.parse().ok());
        Self(given.unwrap_or(USUAL))
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the run was: SIM_SEED={}", self.0);
        }
    }
}
