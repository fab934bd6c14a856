//! How the file is opened, and who may have it.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::StoreError;

/// So long a file is waited for that another process has: a server that goes down gives it back by then.
const PATIENCE: Duration = Duration::from_secs(3);
/// What stays of the log after it was brought into the file, bytes.
const LOG_BYTES: u32 = 16 << 20;

/// Where the database is.
#[derive(Clone, Debug)]
pub enum Place {
    /// In memory.
    Memory,
    /// In this file.
    File(PathBuf),
}

impl Place {
    /// A connection that has the database to itself.
    pub fn open(&self) -> Result<Connection, StoreError> {
        let connection = match self {
            Self::Memory => prepare(Connection::open_in_memory()?)?,
            Self::File(path) => {
                make_private(path)?;
                let flags =
                    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                let opened = Connection::open_with_flags(path, flags).and_then(prepare);
                opened.map_err(|error| unopened(path, &error))?
            }
        };
        Ok(connection)
    }

    /// Is the same still there after the connection is gone?
    pub fn can_reopen(&self) -> bool {
        matches!(self, Self::File(_))
    }
}

/// WAL, because it needs one `fsync` per transaction; `FULL`, because without it the last ones are gone after a loss of power;
/// `EXCLUSIVE`, because two servers with the same calls would both answer them. The lock is the kernel's: it goes with the
/// process, however that ends.
fn prepare(db: Connection) -> rusqlite::Result<Connection> {
    db.busy_timeout(PATIENCE)?;
    db.pragma_update_and_check(None, "locking_mode", "EXCLUSIVE", |_| Ok(()))?;
    db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update_and_check(None, "journal_size_limit", LOG_BYTES, |_| Ok(()))?;
    // SQLite locks when it first needs to.
    db.execute_batch("BEGIN IMMEDIATE; COMMIT")?;
    Ok(db)
}

/// Makes the file if there is none, readable by nobody else: it holds names and telephone numbers. One that exists is not
/// touched: closing it here would undo the locks that this process has on it (POSIX, `fcntl`).
fn make_private(path: &Path) -> Result<(), StoreError> {
    let failed = |error: std::io::Error| StoreError::Unopened { path: path.to_owned(), why: error.to_string() };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed(error)),
    }
}

fn unopened(path: &Path, error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::InUse(path.to_owned()),
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            StoreError::Corrupt(format!("{}: {error}", path.display()))
        }
        _ => StoreError::Unopened { path: path.to_owned(), why: error.to_string() },
    }
}
