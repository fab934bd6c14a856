//! Telephone companies: what they are told in TwiML and over REST, and how their requests are signed.

#![forbid(unsafe_code)]
