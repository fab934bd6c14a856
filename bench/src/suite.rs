//! The rows of the table: which cases, how large, against whom.

use serde::{Deserialize, Serialize};

use crate::load::{Case, Cast};

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
    /// How many viewers, participants, rooms, or silent ones in each mixed room.
    pub size: usize,
    /// Video packets that leave at once.
    pub burst: u32,
    /// Joins under way at a time.
    pub at_once: usize,
    /// Seconds of the window.
    pub seconds: f64,
    /// Who is in mixed rooms.
    #[serde(default)]
    pub cast: Cast,
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
    rows.extend(mixed_rows());
    rows
}

/// The rows of mixed rooms.
fn mixed_rows() -> Vec<Row> {
    use Subject::{CrosspointSdk, CrosspointWhep, Direct, Janus};
    let both = || vec![Janus, CrosspointSdk];
    let mix = |name: &str, talkers, silent, subjects| {
        let cast = Cast { rooms: 1, talkers, hush: false };
        Row { at_once: 16, cast, ..row(name, Case::Mix, silent, subjects) }
    };
    let rooms = |name: &str, talkers, silent| Row {
        cast: Cast { rooms: 20, talkers, hush: false },
        ..mix(name, talkers, silent, both())
    };
    let beside = |name: &str, talkers| Row {
        cast: Cast { rooms: 1, talkers, hush: false },
        ..row(name, Case::Beside, 20, both())
    };
    let hush = Cast { rooms: 1, talkers: 2, hush: true };
    vec![
        row("mix-direct", Case::MixDirect, 6, vec![Direct]),
        mix("mix-20", 2, 18, vec![Janus, CrosspointSdk, CrosspointWhep]),
        mix("mix-60", 2, 58, both()),
        mix("mix-100", 2, 98, vec![Janus, CrosspointSdk, CrosspointWhep]),
        mix("mix-500", 2, 500, vec![CrosspointSdk, CrosspointWhep]),
        Row { cast: hush, ..mix("mix-60-hush", 2, 58, both()) },
        mix("mix-talkers-20", 20, 0, both()),
        rooms("mix-rooms-20", 2, 3),
        rooms("mix-rooms-20-lone", 1, 4),
        row("mix-empty-100", Case::MixedRooms, 100, both()),
        beside("mix-beside-0", 0),
        beside("mix-beside-20", 20),
    ]
}

fn row(name: &str, case: Case, size: usize, subjects: Vec<Subject>) -> Row {
    Row { name: name.to_owned(), case, size, burst: 4, at_once: 8, seconds: 5.0, cast: Cast::default(), subjects }
}
