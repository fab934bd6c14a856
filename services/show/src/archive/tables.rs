//! The tables, step by step.

use crosspoint_store::Migration;

/// Whose tables they are, in the store's book of steps.
pub const PART: &str = "shows";

/// From an empty file to today's tables.
pub const STEPS: &[Migration] = &[Migration { name: "0001-shows", sql: include_str!("migrations/0001_shows.sql") }];
