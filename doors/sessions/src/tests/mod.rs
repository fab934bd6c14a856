//! The door over a store in memory, and over a file that is opened again.

mod abandoned;
mod candidates;
mod events;
mod house;
mod offers;
mod reports;
mod restart;
mod tokens;
mod waiting;
