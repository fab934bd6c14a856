//! The media plane over bad networks, with bad clients, and under a thousand changes. `SIM_SEED=…` repeats a run.

mod bandwidth;
mod data;
mod faults;
mod loss;
mod mixed;
mod moves;
mod operations;
mod tones;
