//! The configuration. In: a TOML file, the environment, flags. Out: a [`Config`] that has been checked, or every problem
//! in it, each a sentence that says what to do.
//!
//! [`KEYS`] is the one table of keys. The file's reader, the names in the environment, the flags, `crosspoint config`,
//! the page `docs/guide/configuration.md` and `crosspoint.sample.toml` all come from it.
//!
//! ```text
//! defaults < --dev < file < environment < flags        layers.rs, file.rs
//!        each value read by its kind                   kind.rs, value.rs
//!        -> Settings: every key, its value, its origin settings.rs
//!        -> Config: typed, checked                     config.rs, check.rs
//! ```

#![forbid(unsafe_code)]

mod check;
mod config;
mod file;
mod kind;
mod layers;
mod network;
mod render;
mod settings;
mod table;
mod turn;
mod value;

pub use config::{
    Acme, Admin, Auth, Config, Drain, Http, Log, LogFormat, MediaSection, Phone, PhoneAccount, PlayerSection,
    RoomsSection, SessionsSection, StoreSection, TlsFiles, WebhooksSection,
};
pub use file::Problem;
pub use kind::{Kind, duration};
pub use layers::{Layers, Problems};
pub use network::Network;
pub use render::{page, sample};
pub use settings::{Origin, Settings};
pub use table::{KEYS, Key, SECTIONS, Section};
pub use turn::Turn;
