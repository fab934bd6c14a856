//! A value of a key, once read; and what it was read from.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crosspoint_model::Secret;

/// What stands in a source, before its key's kind has looked at it.
#[derive(Clone, Debug, PartialEq)]
pub enum Raw {
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// Text. All that the environment and flags have.
    Text(String),
    /// A TOML array of texts.
    List(Vec<String>),
    /// A TOML table of texts.
    Map(BTreeMap<String, String>),
}

/// What a key is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Switched off: no bound, no address.
    Nothing,
    /// Yes or no.
    Flag(bool),
    /// A number, of bytes or bits per second too.
    Number(u64),
    /// A time.
    Duration(Duration),
    /// Text.
    Text(String),
    /// Text that is not shown.
    Secret(Secret),
    /// Several texts.
    List(Vec<String>),
    /// Names and their secrets.
    Secrets(BTreeMap<String, Secret>),
}

impl Value {
    /// As TOML, secrets hidden.
    pub fn toml(&self) -> String {
        match self {
            Self::Nothing => quoted("none"),
            Self::Flag(flag) => flag.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Duration(duration) => quoted(&show_duration(*duration)),
            Self::Text(text) => quoted(text),
            Self::Secret(secret) => quoted(if secret.is_empty() { "" } else { "(hidden)" }),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(|item| quoted(item)).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Secrets(secrets) if secrets.is_empty() => "{}".into(),
            Self::Secrets(secrets) => {
                let pairs: Vec<String> =
                    secrets.keys().map(|name| format!("{} = \"(hidden)\"", quoted(name))).collect();
                format!("{{ {} }}", pairs.join(", "))
            }
        }
    }
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// `1h30m`, `45s`, `250ms`.
fn show_duration(duration: Duration) -> String {
    let (seconds, millis) = (duration.as_secs(), duration.subsec_millis());
    let mut text = String::new();
    for (amount, unit) in [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s"), (millis.into(), "ms")]
    {
        if amount > 0 {
            // Writing to a String cannot fail.
            let _ = write!(text, "{amount}{unit}");
        }
    }
    if text.is_empty() { "0s".into() } else { text }
}
