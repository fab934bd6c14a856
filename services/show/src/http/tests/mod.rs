//! The interface over the façade, with rooms that only pretend and a store in memory.

mod access;
mod calls;
mod events;
mod house;
mod shows;
