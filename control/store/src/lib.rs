//! What lasts: an SQLite database with a thread of its own.

#![forbid(unsafe_code)]
