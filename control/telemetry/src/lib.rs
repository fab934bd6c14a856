//! What the server says of itself: a log on standard error, and figures for Prometheus. In: events of `tracing`, counts of
//! requests, and collectors that read a snapshot when somebody asks. Out: lines, and the text of `/metrics`.
//!
//! | file | what it holds |
//! |---|---|
//! | `log.rs` | the log |
//! | `collector.rs` | the log, sent to an OpenTelemetry collector (feature `otlp`) |
//! | `metrics.rs` | the registry |
//! | `requests.rs` | HTTP requests, counted and timed |
//! | `process.rs` | CPU, memory and open files of this process |
//!
//! Figures of rooms are collected by the door that serves `/metrics`: this crate knows no rooms.

#![forbid(unsafe_code)]

#[cfg(feature = "otlp")]
mod collector;
mod log;
mod metrics;
mod process;
mod requests;

pub use log::{LogError, LogFormat, end_log, start_log};
pub use metrics::Metrics;
pub use process::Process;
pub use prometheus_client as prometheus;
pub use requests::Requests;
