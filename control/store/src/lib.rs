//! What lasts: an SQLite database with a thread of its own. In: closures that read or write, from any task. Out: what they
//! give back, once it is safe on the disk.
//!
//! ```text
//!   write(job), write(job), … ── queue ──> thread: BEGIN · job · job · job · COMMIT (one fsync) ──> every answer
//!   read(job) ───────────────── queue ──> thread: job, after the writes that were queued before it
//! ```
//!
//! What has been acknowledged survives `kill -9` and loss of power. A job that fails is undone by itself and the others of its
//! group are not. When the disk is full or read-only, jobs are refused with a [`StoreError`] until that is over; the thread
//! lives on.
//!
//! | file | what it holds |
//! |---|---|
//! | `open.rs` | how the file is opened, and who may have it |
//! | `thread.rs` | the thread: groups of jobs, one transaction for each group |
//! | `migrate.rs` | the schema, step by step |
//! | `error.rs` | what can go wrong, and what to do then |

#![forbid(unsafe_code)]

mod error;
mod migrate;
mod open;
#[cfg(test)]
mod tests;
mod thread;

use std::path::Path;

pub use rusqlite;
use rusqlite::{Connection, Transaction};
use tokio::sync::{mpsc, oneshot};

pub use error::StoreError;
pub use migrate::Migration;
use open::Place;
use thread::{Job, Message};

/// Jobs that may wait; more make their callers wait.
const QUEUE: usize = 1024;

/// The database. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Store {
    queue: mpsc::Sender<Message>,
}

impl Store {
    /// Opens the database in this file, which is made if it does not exist, and keeps every other process out of it. It
    /// blocks for as long as that takes (up to some seconds while a server before this one still has it), so call it when a
    /// server starts.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process has the file open, [`StoreError::Corrupt`] when it is no database or a
    /// broken one, [`StoreError::Unopened`] when it cannot be made or read.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::start(Place::File(path.to_owned()))
    }

    /// A database that lasts as long as its clones, for tests and for servers that need not remember anything.
    ///
    /// # Errors
    /// When there is no memory, or no thread to be had.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::start(Place::Memory)
    }

    /// Brings the tables of one part of the program up to date: what of these steps has not been taken is, in order, each in
    /// a transaction of its own. Parts that share a file have names of their own and know nothing of each other.
    ///
    /// # Errors
    /// [`StoreError::Newer`] when steps were taken that are not among these; whatever the steps themselves fail with.
    pub async fn migrate(&self, part: &'static str, steps: &'static [Migration]) -> Result<(), StoreError> {
        self.ask(|answer| Message::Migrate { part, steps, answer }).await?
    }

    /// Runs a job that writes and gives back what it gave, once that is on the disk. Everything that waits goes into one
    /// transaction; what a failed job did is undone. A job may be run twice: a group that fails as a whole (the disk is full,
    /// say) is tried again one by one.
    ///
    /// If the future is dropped, the job may be carried out all the same.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let store = crosspoint_store::Store::in_memory()?;
    /// store.write(|tx| Ok(tx.execute_batch("CREATE TABLE words (word TEXT)")?)).await?;
    /// store.write(|tx| Ok(tx.execute("INSERT INTO words VALUES (?1)", ["lobby"])?)).await?;
    /// let count: i64 = store.read(|db| Ok(db.query_row("SELECT count(*) FROM words", [], |row| row.get(0))?)).await?;
    /// assert_eq!(count, 1);
    /// # Ok::<_, crosspoint_store::StoreError>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// What the job failed with, or why nothing can be written.
    pub async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.ask(|answer| Message::Write(Job::new(job, answer))).await?
    }

    /// Runs a job that reads. It sees every write that was asked for before it.
    ///
    /// # Errors
    /// What the job failed with.
    pub async fn read<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.ask(|answer| thread::reading(job, answer)).await?
    }

    /// Does what is asked for already, brings everything into one file and closes it. What comes later is refused with
    /// [`StoreError::Closed`]. Without this the same happens when the last clone goes, but nobody knows when it is done.
    pub async fn close(&self) {
        // An error says that it is closed already.
        let _ = self.ask(Message::Close).await;
    }

    fn start(place: Place) -> Result<Self, StoreError> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        thread::start(place, jobs)?;
        Ok(Self { queue })
    }

    async fn ask<T>(&self, message: impl FnOnce(oneshot::Sender<T>) -> Message) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.queue.send(message(answer)).await.map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)
    }
}
