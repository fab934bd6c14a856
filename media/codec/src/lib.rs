//! Codecs: the only crate with codec libraries in it. Nothing here knows of rooms or packets' headers.
//!
//! | file | what it holds |
//! |---|---|
//! | [`opus`] | Opus (RFC 6716): frames of sound to packets and back |

#![forbid(unsafe_code)]

pub mod opus;
