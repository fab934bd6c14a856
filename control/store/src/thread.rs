//! The thread of the store: takes what waits, in order. Writes that stand next to each other become one transaction, so that
//! they share the one wait for the disk that makes them safe.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;
use std::sync::mpsc as blocking;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use crate::open::Place;
use crate::{Migration, StoreError, migrate};

/// So many jobs share a transaction at most, so that the first of them does not wait for ever.
const GROUP: usize = 256;

/// What the thread is asked for.
pub enum Message {
    /// See [`crate::Store::write`].
    Write(Job),
    /// See [`crate::Store::read`].
    Read(Reading),
    /// See [`crate::Store::migrate`].
    Migrate {
        /// Whose tables.
        part: &'static str,
        /// All steps, from the first.
        steps: &'static [Migration],
        /// Hears how it went.
        answer: oneshot::Sender<Result<(), StoreError>>,
    },
    /// See [`crate::Store::close`].
    Close(oneshot::Sender<()>),
}

/// Reads and answers; gives back what the connection itself failed with.
pub type Reading = Box<dyn FnOnce(Result<&Connection, StoreError>) -> Option<StoreError> + Send>;

/// A reading that sends what it found.
pub fn reading<T, F>(job: F, answer: oneshot::Sender<Result<T, StoreError>>) -> Message
where
    T: Send + 'static,
    F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
{
    Message::Read(Box::new(move |db| {
        let found = db.and_then(|db| guarded(|| job(db)));
        let failure = found.as_ref().err().cloned();
        // Who asked may have gone.
        let _ = answer.send(found);
        failure
    }))
}

/// Something that writes, and who hears of it.
pub struct Job(Box<dyn Work>);

impl Job {
    /// This job, with its answer going there.
    pub fn new<T, F>(job: F, answer: oneshot::Sender<Result<T, StoreError>>) -> Self
    where
        T: Send + 'static,
        F: Fn(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        Self(Box::new(Writing { job, gave: None, answer }))
    }
}

trait Work: Send {
    fn run(&mut self, tx: &Transaction<'_>) -> Result<(), StoreError>;
    fn answer(self: Box<Self>, fate: Result<(), StoreError>);
}

struct Writing<T, F> {
    job: F,
    gave: Option<T>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Work for Writing<T, F>
where
    T: Send,
    F: Fn(&Transaction<'_>) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, tx: &Transaction<'_>) -> Result<(), StoreError> {
        self.gave = Some(guarded(|| (self.job)(tx))?);
        Ok(())
    }

    fn answer(self: Box<Self>, fate: Result<(), StoreError>) {
        let Self { gave, answer, .. } = *self;
        // Who asked may have gone.
        let _ = answer.send(fate.map(|()| gave.expect("a job that did not fail gave something")));
    }
}

/// Opens the database on a thread of its own, and takes what comes until the queue or the store is closed.
pub fn start(place: Place, jobs: mpsc::Receiver<Message>) -> Result<(), StoreError> {
    let (tell, told) = blocking::sync_channel(1);
    let thread = std::thread::Builder::new().name("store".into()).spawn(move || {
        let opened = place.open();
        let (connection, fate) = match opened {
            Ok(connection) => (Some(connection), Ok(())),
            Err(error) => (None, Err(error)),
        };
        let is_open = fate.is_ok();
        // It fails only if whoever opens has gone; then the queue is closed too.
        let _ = tell.send(fate);
        if is_open {
            Keeper { place, connection }.work(jobs);
        }
    });
    thread.map_err(|error| StoreError::Disk(format!("no thread: {error}")))?;
    told.recv().map_err(|_| StoreError::Closed)?
}

/// Has the connection.
struct Keeper {
    place: Place,
    /// Absent after the disk failed: the next job opens the file again.
    connection: Option<Connection>,
}

impl Keeper {
    fn work(mut self, mut jobs: mpsc::Receiver<Message>) {
        let mut ahead = None;
        while let Some(message) = ahead.take().or_else(|| jobs.blocking_recv()) {
            match message {
                Message::Write(job) => {
                    let mut group = vec![job];
                    while group.len() < GROUP {
                        match jobs.try_recv() {
                            Ok(Message::Write(job)) => group.push(job),
                            Ok(other) => {
                                ahead = Some(other);
                                break;
                            }
                            Err(_) => break,
                        }
                    }
                    self.commit(group);
                }
                Message::Read(reading) => {
                    let failure = reading(self.connection().map(|db| &*db));
                    self.look_at(failure.as_ref());
                }
                Message::Migrate { part, steps, answer } => {
                    let fate = self.connection().and_then(|db| migrate::bring_up(db, part, steps));
                    self.look_at(fate.as_ref().err());
                    let _ = answer.send(fate);
                }
                Message::Close(answer) => {
                    self.close();
                    let _ = answer.send(());
                    return;
                }
            }
        }
        self.close();
    }

    /// Carries a group out. When it fails as a whole, each job gets a transaction of its own: one that finds no room must not
    /// keep those out that do.
    fn commit(&mut self, mut group: Vec<Job>) {
        let fates = match self.transact(&mut group) {
            Ok(fates) => fates,
            Err(error) if group.len() == 1 => vec![Err(error)],
            Err(error) => {
                tracing::warn!(%error, jobs = group.len(), "a group of writes failed; each is tried by itself");
                let alone = |job| self.transact(slice::from_mut(job)).and_then(|fates| fates.into_iter().collect());
                group.iter_mut().map(alone).collect()
            }
        };
        for (job, fate) in group.into_iter().zip(fates) {
            job.0.answer(fate);
        }
    }

    fn transact(&mut self, jobs: &mut [Job]) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        let fates = self.connection().and_then(|db| transact(db, jobs));
        self.look_at(fates.as_ref().err());
        fates
    }

    fn connection(&mut self) -> Result<&mut Connection, StoreError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.place.open()?,
        };
        Ok(self.connection.insert(connection))
    }

    /// After a failure of the disk nobody knows what the connection believes; a fresh one reads what is really there.
    fn look_at(&mut self, failure: Option<&StoreError>) {
        if matches!(failure, Some(StoreError::Disk(_) | StoreError::Corrupt(_))) && self.place.can_reopen() {
            self.connection = None;
        }
    }

    fn close(self) {
        let Some(connection) = self.connection else { return };
        if let Err(error) = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
            tracing::warn!(%error, "the store could not be brought into one file; the next start does it");
        }
        if let Err((_, error)) = connection.close() {
            tracing::warn!(%error, "the store could not be closed");
        }
    }
}

/// One transaction with all jobs, each in a savepoint of its own.
fn transact(db: &mut Connection, jobs: &mut [Job]) -> Result<Vec<Result<(), StoreError>>, StoreError> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut fates = Vec::with_capacity(jobs.len());
    for Job(work) in jobs {
        tx.execute_batch("SAVEPOINT job")?;
        let fate = work.run(&tx);
        if tx.is_autocommit() {
            // Some failures make SQLite undo the whole transaction, and with it the jobs before this one.
            return Err(fate.err().unwrap_or_else(|| StoreError::Job("a job ended the transaction".into())));
        }
        tx.execute_batch(if fate.is_ok() { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" })?;
        fates.push(fate);
    }
    tx.commit()?;
    Ok(fates)
}

/// A job that panics is a job that failed; the thread goes on.
fn guarded<T>(job: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|_| Err(StoreError::Job("it panicked; the log has more".into())))
}
