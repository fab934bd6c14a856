//! Call-in shows.

#![forbid(unsafe_code)]
