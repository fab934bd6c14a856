//! Whole shows, from outside.

#![forbid(unsafe_code)]
