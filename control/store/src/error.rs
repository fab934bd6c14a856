//! What can go wrong, and what to do then.

use std::path::PathBuf;

use crosspoint_model::{Code, Refusal};
use rusqlite::ErrorCode;

/// Why the store did not do what it was asked to. The text is for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another process has the file.
    #[error("{0}: another server has this file open; give each server a file of its own, or end the other one")]
    InUse(PathBuf),
    /// The file cannot be made or read.
    #[error("{path}: the file cannot be opened: {why}; see that its folder exists and that this user may write there")]
    Unopened {
        /// Which.
        path: PathBuf,
        /// What SQLite or the system says.
        why: String,
    },
    /// The file was written by a newer program.
    #[error(
        "the store was written by a newer version of this program ({part} has the step {step}, which this one does not know); \
         run that version, or one that is newer still"
    )]
    Newer {
        /// The part of the program whose tables they are.
        part: String,
        /// The step that is not known.
        step: String,
    },
    /// There is no room.
    #[error("the disk of the store is full; make room, it works again by itself")]
    Full,
    /// The file or its file system cannot be written to.
    #[error("the store is read-only; let this user write to the file and its folder, it works again by itself")]
    ReadOnly,
    /// The disk does not do what it should.
    #[error("the disk of the store failed ({0}); see the system's log")]
    Disk(String),
    /// What is in the file makes no sense.
    #[error("the store is damaged ({0}); stop the server and put a copy of the file back from before")]
    Corrupt(String),
    /// The job itself is wrong.
    #[error("the store did not take it: {0}")]
    Job(String),
    /// The store was closed.
    #[error("the store is closed: the server goes down")]
    Closed,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly,
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => Self::Disk(error.to_string()),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(error.to_string()),
            _ => Self::Job(error.to_string()),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::new(Code::StoreUnavailable, error.to_string())
    }
}
