//! A panic costs the one thing in whose code it happened.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `work`; `None`: it panicked, and what it worked on must not be used again.
pub(crate) fn guard<T>(work: impl FnOnce() -> T) -> Option<T> {
    // Unwind-safe, because every caller throws away what `work` had its hands on.
    catch_unwind(AssertUnwindSafe(work)).ok()
}
