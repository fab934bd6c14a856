//! The rows of the table: which cases, how large, against whom.

use serde::{Deserialize, Serialize};

use crate::load::Case;

/// A server and the protocol by which its clients come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// Janus with its VideoRoom (or AudioBridge) plugin.
    Janus,
    /// Crosspoint, clients shaped as the SDK's.
    CrosspointSdk,
    /// Crosspoint, WHIP publishers and WHEP viewers.
    CrosspointWhep,
    /// No server: the generator's own path.
    Direct,
}

impl Subject {
    /// As the table calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Janus => "Janus",
            Self::CrosspointSdk => "Crosspoint, SDK clients",
            Self::CrosspointWhep => "Crosspoint, WHIP/WHEP",
            Self::Direct => "no server",
        }
    }

    /// The protocol's name on the command line.
    pub fn protocol(self) -> &'static str {
        match self {
            Self::Janus => "janus",
            Self::CrosspointSdk => "signal",
            Self::CrosspointWhep => "whip",
            Self::Direct => "direct",
        }
    }

    /// Is it ours?
    pub fn is_crosspoint(self) -> bool {
        matches!(self, Self::CrosspointSdk | Self::CrosspointWhep)
    }
}

/// One case of the suite.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// Its name, for `--only` and the results.
    pub name: String,
    /// What is loaded.
    pub case: Case,
    /// How many viewers, participants or rooms.
    pub size: usize,
    /// Video packets that leave at once.
    pub burst: u32,
    /// Joins under way at a time.
    pub at_once: usize,
    /// Seconds of the window.
    pub seconds: f64,
    /// Against whom.
    pub subjects: Vec<Subject>,
}

/// The whole suite.
pub fn rows() -> Vec<Row> {
    use Subject::{CrosspointSdk, CrosspointWhep, Direct, Janus};
    let all = || vec![Janus, CrosspointSdk, CrosspointWhep];
    let mut rows = vec![row("direct-60", Case::Direct, 60, vec![Direct])];
    rows.extend([20, 60, 100, 200].map(|size| row(&format!("forward-{size}"), Case::Forward, size, all())));
    rows.push(Row { burst: 1, ..row("forward-60-spread", Case::Forward, 60, all()) });
    rows.push(row("meeting-10", Case::Meeting, 10, vec![Janus, CrosspointSdk]));
    rows.push(Row { at_once: 16, seconds: 10.0, ..row("idle-500", Case::Idle, 500, all()) });
    rows.push(Row { at_once: 1, seconds: 1.0, ..row("joins-50", Case::Joins, 50, all()) });
    rows.push(Row { at_once: 200, seconds: 1.0, ..row("joins-200", Case::Joins, 200, all()) });
    rows.push(row("rooms-100", Case::Rooms, 100, vec![Janus, CrosspointSdk]));
    rows.push(row("audio-rooms-100", Case::AudioRooms, 100, vec![Janus]));
    rows
}

fn row(name: &str, case: Case, size: usize, subjects: Vec<Subject>) -> Row {
    Row { name: name.to_owned(), case, size, burst: 4, at_once: 8, seconds: 5.0, subjects }
}
