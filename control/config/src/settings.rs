//! Every key with its value and where that came from.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crosspoint_model::Secret;

use crate::table::{KEYS, Key};
use crate::value::{Raw, Value};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said otherwise.
    Default,
    /// `--dev`.
    Dev,
    /// A line of the file.
    File(PathBuf, usize),
    /// A variable of the environment.
    Environment(String),
    /// A flag.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Dev => f.write_str("--dev"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

/// Every key with its value.
#[derive(Clone, Debug)]
pub struct Settings {
    values: BTreeMap<&'static str, (Value, Origin)>,
    /// Which keys were asked for, so that a test can find one that nobody reads.
    read: RefCell<BTreeSet<&'static str>>,
}

impl Settings {
    /// The defaults.
    pub(crate) fn defaults(dev: bool) -> Self {
        let default = |key: &'static Key| {
            let (text, origin) = match key.dev.filter(|_| dev) {
                Some(text) => (text, Origin::Dev),
                None => (key.default, Origin::Default),
            };
            let value = key.kind.read(Raw::Text(text.into())).expect("a test reads every default");
            (key.path, (value, origin))
        };
        Self { values: KEYS.iter().map(default).collect(), read: RefCell::default() }
    }

    pub(crate) fn set(&mut self, key: &'static Key, value: Value, origin: Origin) {
        self.values.insert(key.path, (value, origin));
    }

    /// A key's value and origin.
    pub fn get(&self, key: &Key) -> (&Value, &Origin) {
        let (value, origin) = self.values.get(key.path).expect("every key of the table has a value");
        (value, origin)
    }

    /// Keys that nobody asked for so far.
    #[cfg(test)]
    pub(crate) fn unread(&self) -> Vec<&'static str> {
        let read = self.read.borrow();
        self.values.keys().filter(|path| !read.contains(*path)).copied().collect()
    }

    fn value(&self, path: &'static str) -> &Value {
        self.read.borrow_mut().insert(path);
        &self.values.get(path).expect("the table has this key").0
    }
}

/// Typed access. Which kind a key has is fixed by the table, and a test reads every key once.
impl Settings {
    pub(crate) fn flag(&self, path: &'static str) -> bool {
        matches!(self.value(path), Value::Flag(true))
    }

    pub(crate) fn maybe_number(&self, path: &'static str) -> Option<u64> {
        if let Value::Number(number) = self.value(path) { Some(*number) } else { None }
    }

    /// A number in whatever type its range fits into.
    pub(crate) fn number<N: TryFrom<u64>>(&self, path: &'static str) -> N {
        let number = self.maybe_number(path).and_then(|number| N::try_from(number).ok());
        number.expect("the key's kind bounds it to this type")
    }

    pub(crate) fn maybe_duration(&self, path: &'static str) -> Option<Duration> {
        if let Value::Duration(duration) = self.value(path) { Some(*duration) } else { None }
    }

    pub(crate) fn duration(&self, path: &'static str) -> Duration {
        self.maybe_duration(path).expect("the key is a time")
    }

    /// Text; none where it is empty or switched off.
    pub(crate) fn text(&self, path: &'static str) -> Option<String> {
        match self.value(path) {
            Value::Text(text) if !text.is_empty() => Some(text.clone()),
            _ => None,
        }
    }

    pub(crate) fn list(&self, path: &'static str) -> &[String] {
        if let Value::List(items) = self.value(path) { items } else { &[] }
    }

    pub(crate) fn secret(&self, path: &'static str) -> Option<Secret> {
        match self.value(path) {
            Value::Secret(secret) if !secret.is_empty() => Some(secret.clone()),
            _ => None,
        }
    }

    pub(crate) fn secrets(&self, path: &'static str) -> BTreeMap<String, Secret> {
        if let Value::Secrets(secrets) = self.value(path) { secrets.clone() } else { BTreeMap::new() }
    }
}
