//! The servers under load: starting them in a network namespace, and reading what they cost.

pub mod crosspoint;
pub mod janus;
pub mod netns;
pub mod process;
