//! Plays WAV files into rooms: music for those who wait, announcements for all. In: what
//! [`PlayRequest`](crosspoint_rooms::PlayRequest) says. Out: a tap in the room, like anybody's.
//!
//! | file | what it holds |
//! |---|---|
//! | `player.rs` | what is being played |
//! | `folder.rs` | which files may be |
//! | `wav.rs` | a file as samples of the room's kind |
//! | `performance.rs` | one file on its way into one room |

#![forbid(unsafe_code)]

mod folder;
mod performance;
mod player;
#[cfg(test)]
mod tests;
mod wav;

pub use player::FilePlayer;
