//! The log: lines on standard error.

use std::io::IsTerminal;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

/// For whom the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// People.
    Text,
    /// Machines: one JSON object a line, with the fields of the spans around it.
    Json,
}

/// Why the log could not be started.
#[derive(Debug)]
pub struct LogError(pub(crate) String);

impl std::fmt::Display for LogError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LogError {}

/// Sends what happens to standard error, from now on and for the whole process; panics too. `collector`: to the OpenTelemetry
/// collector at this address as well.
///
/// `directives` are those of `tracing_subscriber::EnvFilter`: `info`, or `info,crosspoint_rooms=debug`.
pub fn start_log(directives: &str, format: LogFormat, collector: Option<&str>) -> Result<(), LogError> {
    let filter = EnvFilter::try_new(directives)
        .map_err(|error| LogError(format!("log.level: {directives:?} cannot be understood: {error}")))?;
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let started = tracing_subscriber::registry().with(filter).with(lines).with(to_collector(collector)?).try_init();
    started.map_err(|error| LogError(format!("the log cannot be started: {error}")))?;
    std::panic::set_hook(Box::new(|panic| tracing::error!(target: "crosspoint::panic", "{panic}")));
    Ok(())
}

/// Sends to the collector what still waits. The last thing that a process does.
pub fn end_log() {
    #[cfg(feature = "otlp")]
    crate::collector::flush();
}

#[cfg(feature = "otlp")]
fn to_collector(address: Option<&str>) -> Result<Option<crate::collector::Layer>, LogError> {
    address.map(crate::collector::layer).transpose()
}

#[cfg(not(feature = "otlp"))]
fn to_collector(address: Option<&str>) -> Result<Option<tracing_subscriber::layer::Identity>, LogError> {
    match address {
        None => Ok(None),
        Some(_) => Err(LogError(
            "log.otlp is set, but this binary was built without OTLP: build it with `cargo build --release -p crosspoint \
             --features otlp`"
                .into(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directive_that_cannot_be_understood_is_told() {
        let error = start_log("info,crosspoint=loud", LogFormat::Text, None).expect_err("an error");
        assert!(error.to_string().starts_with("log.level: "), "{error}");
    }

    #[cfg(not(feature = "otlp"))]
    #[test]
    fn a_collector_is_refused_by_a_binary_that_cannot_send_to_it() {
        let error = start_log("info", LogFormat::Text, Some("http://127.0.0.1:4318/v1/logs")).expect_err("an error");
        assert!(error.to_string().contains("--features otlp"), "{error}");
    }
}
