//! The log: lines on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::util::SubscriberInitExt;

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
pub struct LogError(String);

impl std::fmt::Display for LogError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LogError {}

/// Sends what happens to standard error, from now on and for the whole process; panics too.
///
/// `directives` are those of `tracing_subscriber::EnvFilter`: `info`, or `info,crosspoint_rooms=debug`.
pub fn start_log(directives: &str, format: LogFormat) -> Result<(), LogError> {
    let filter = EnvFilter::try_new(directives)
        .map_err(|error| LogError(format!("log.level: {directives:?} cannot be understood: {error}")))?;
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let started = match format {
        LogFormat::Text => builder.finish().try_init(),
        LogFormat::Json => builder.json().flatten_event(true).finish().try_init(),
    };
    started.map_err(|error| LogError(format!("the log cannot be started: {error}")))?;
    std::panic::set_hook(Box::new(|panic| tracing::error!(target: "crosspoint::panic", "{panic}")));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directive_that_cannot_be_understood_is_told() {
        let error = start_log("info,crosspoint=loud", LogFormat::Text).expect_err("an error");
        assert!(error.to_string().starts_with("log.level: "), "{error}");
    }
}
