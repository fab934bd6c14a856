//! What lasts of sessions: they are put down before whoever posted hears that it was taken, and read again when a server starts.
//! Documents are written and read by whoever asks, not by the store's thread.

use std::collections::BTreeMap;
use std::sync::Arc;

use crosspoint_model::{Code, Refusal};
use crosspoint_store::rusqlite::{self, Connection, Transaction};
use crosspoint_store::{Migration, Store, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::id::SessionId;
use crate::session::{Session, Trickled};
use crate::side::Side;
use crate::steps::{Changed, Put};

/// Whose tables they are, in the store's book of steps.
const PART: &str = "sessions";
/// From an empty file to today's tables.
const STEPS: &[Migration] = &[Migration { name: "0001-sessions", sql: include_str!("migrations/0001_sessions.sql") }];

/// The archive.
#[derive(Debug)]
pub struct Archive(Store);

/// A candidate as it stands in the tables.
struct Row {
    session: String,
    number: i64,
    side: String,
    candidate: Option<String>,
}

impl Archive {
    /// The archive in this store, whose tables are made or brought up to date.
    ///
    /// # Errors
    /// `store-unavailable`.
    pub async fn open(store: Store) -> Result<Self, Refusal> {
        store.migrate(PART, STEPS).await?;
        Ok(Self(store))
    }

    /// Every session, with its candidates.
    ///
    /// # Errors
    /// `store-unavailable`, also when a document cannot be read.
    pub async fn load(&self) -> Result<Vec<Session>, Refusal> {
        let (documents, rows) = self.0.read(|db| Ok((documents(db)?, rows(db)?))).await?;
        let mut candidates: BTreeMap<String, Vec<Arc<Trickled>>> = BTreeMap::new();
        for row in rows {
            let trickled = row.read()?;
            candidates.entry(row.session).or_default().push(Arc::new(trickled));
        }
        let read = |text: String| {
            let mut session: Session = document(&text)?;
            session.candidates = candidates.remove(session.id.as_str()).unwrap_or_default();
            // A candidate is put down without the session.
            session.last = session.candidates.last().map_or(0, |last| last.number).max(session.last);
            Ok(session)
        };
        documents.into_iter().map(read).collect()
    }

    /// Puts a change down. When this comes back, it is on the disk.
    ///
    /// # Errors
    /// `store-unavailable`: nothing was put down.
    pub async fn put(&self, changed: &Changed) -> Result<(), Refusal> {
        let session = &changed.session;
        let id = session.id.clone();
        if changed.put == Put::Candidate {
            let Some(last) = session.candidates.last() else { return Ok(()) };
            let row = (signed(last.number), last.from.as_str());
            let text = last.candidate.as_ref().map(text).transpose()?;
            return Ok(self.0.write(move |tx| Ok(put_candidate(tx, &id, row, text.as_deref())?)).await?);
        }
        let (state, created_at, text) = (session.state.as_str(), signed(session.created_at), text(session)?);
        let is_offer = changed.put == Put::Offer;
        let put = move |tx: &Transaction<'_>| Ok(put_session(tx, &id, (state, created_at, &text), is_offer)?);
        Ok(self.0.write(put).await?)
    }

    /// Forgets a session.
    ///
    /// # Errors
    /// `store-unavailable`: it is still there.
    pub async fn remove(&self, id: &SessionId) -> Result<(), Refusal> {
        let id = id.clone();
        let remove = move |tx: &Transaction<'_>| {
            tx.prepare_cached("DELETE FROM sessions WHERE session_id = ?1")?.execute([id.as_str()])?;
            Ok(())
        };
        Ok(self.0.write(remove).await?)
    }
}

fn put_session(
    tx: &Transaction<'_>,
    id: &SessionId,
    (state, created_at, document): (&str, i64, &str),
    is_offer: bool,
) -> rusqlite::Result<()> {
    const PUT: &str = "INSERT INTO sessions (session_id, state, created_at, document) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (session_id) DO UPDATE SET state = excluded.state, created_at = excluded.created_at,
            document = excluded.document";
    tx.prepare_cached(PUT)?.execute((id.as_str(), state, created_at, document))?;
    if is_offer {
        tx.prepare_cached("DELETE FROM session_candidates WHERE session_id = ?1")?.execute([id.as_str()])?;
    }
    Ok(())
}

fn put_candidate(
    tx: &Transaction<'_>,
    id: &SessionId,
    (number, side): (i64, &str),
    candidate: Option<&str>,
) -> rusqlite::Result<()> {
    const PUT: &str = "INSERT INTO session_candidates (session_id, number, side, candidate) VALUES (?1, ?2, ?3, ?4)";
    tx.prepare_cached(PUT)?.execute((id.as_str(), number, side, candidate))?;
    Ok(())
}

fn documents(db: &Connection) -> rusqlite::Result<Vec<String>> {
    db.prepare("SELECT document FROM sessions ORDER BY session_id")?.query_map([], |row| row.get(0))?.collect()
}

fn rows(db: &Connection) -> rusqlite::Result<Vec<Row>> {
    const ROWS: &str = "SELECT session_id, number, side, candidate FROM session_candidates ORDER BY session_id, number";
    let row = |row: &rusqlite::Row<'_>| {
        Ok(Row { session: row.get(0)?, number: row.get(1)?, side: row.get(2)?, candidate: row.get(3)? })
    };
    db.prepare(ROWS)?.query_map([], row)?.collect()
}

impl Row {
    fn read(&self) -> Result<Trickled, Refusal> {
        Ok(Trickled {
            number: u64::try_from(self.number).unwrap_or(0),
            from: Side::of_role(&self.side)?,
            candidate: self.candidate.as_deref().map(document).transpose()?,
        })
    }
}

fn document<T: DeserializeOwned>(text: &str) -> Result<T, Refusal> {
    serde_json::from_str(text)
        .map_err(|error| StoreError::Corrupt(format!("a document cannot be read: {error}")).into())
}

fn text<T: Serialize>(document: &T) -> Result<String, Refusal> {
    serde_json::to_string(document)
        .map_err(|error| Refusal::new(Code::Internal, format!("a document cannot be written: {error}")))
}

/// SQLite has no unsigned numbers; times and counts fit all the same.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
