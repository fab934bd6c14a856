//! What is read. Rows are taken from the database as they are; documents are read by whoever asked, not by the store's thread.

use crosspoint_model::Refusal;
use crosspoint_model::show::CallerView;
use crosspoint_store::StoreError;
use crosspoint_store::rusqlite::{Connection, OptionalExtension, Result, Row};
use serde::de::DeserializeOwned;

use super::{PAST_CALLS, Stored};

/// A show and its calls, as they stand in the tables.
pub struct Rows {
    show: String,
    calls: Vec<String>,
    seq: i64,
    opened_at: Option<i64>,
}

impl Rows {
    /// What they say.
    pub fn read(self) -> std::result::Result<Stored, Refusal> {
        let calls = self.calls.iter().map(|call| document(call)).collect::<std::result::Result<_, _>>()?;
        let opened_at = self.opened_at.map(unsigned);
        Ok(Stored { show: document(&self.show)?, calls, seq: unsigned(self.seq), opened_at })
    }
}

/// Those that have not ended.
pub fn shows(db: &Connection) -> Result<Vec<Rows>> {
    const SHOWS: &str =
        "SELECT show_id, document, (SELECT coalesce(max(seq), 0) FROM events WHERE show_id = shows.show_id),
            (SELECT max(at) FROM events WHERE show_id = shows.show_id AND what = 'opened')
        FROM shows WHERE ended_at IS NULL ORDER BY show_id";
    const CALLS: &str = "SELECT document FROM (
            SELECT document, created_at, call_id FROM calls WHERE show_id = ?1 AND ended_at IS NULL
            UNION ALL
            SELECT * FROM (SELECT document, created_at, call_id FROM calls WHERE show_id = ?1 AND ended_at IS NOT NULL
                ORDER BY ended_at DESC, call_id LIMIT ?2)
        ) ORDER BY created_at, call_id";
    let mut calls = db.prepare(CALLS)?;
    let mut shows = db.prepare(SHOWS)?;
    let shows = shows.query_map([], |row| {
        let name: String = row.get(0)?;
        let calls = calls.query_map((name, PAST_CALLS), |row| row.get(0))?.collect::<Result<_>>()?;
        Ok(Rows { show: row.get(1)?, calls, seq: row.get(2)?, opened_at: row.get(3)? })
    });
    shows?.collect()
}

/// What is known of a number.
pub fn caller(db: &Connection, number: &str) -> Result<Option<CallerView>> {
    const CALLER: &str = "SELECT number, name, warning, banned, calls, times_on_air, last_call_at FROM callers
        WHERE number = ?1";
    db.prepare_cached(CALLER)?.query_row([number], caller_of).optional()
}

fn caller_of(row: &Row<'_>) -> Result<CallerView> {
    Ok(CallerView {
        number: row.get(0)?,
        name: row.get(1)?,
        warning: row.get(2)?,
        banned: row.get(3)?,
        calls: row.get(4)?,
        times_on_air: row.get(5)?,
        last_call_at: row.get::<_, Option<i64>>(6)?.map(unsigned),
    })
}

/// The documents of events.
pub fn events(db: &Connection, show: &str, call: Option<&str>, after_seq: u64) -> Result<Vec<String>> {
    const ALL: &str = "SELECT document FROM events WHERE show_id = ?1 AND seq > ?2 ORDER BY seq";
    const OF_CALL: &str = "SELECT document FROM events WHERE show_id = ?1 AND seq > ?2 AND call_id = ?3 ORDER BY seq";
    let after = signed(after_seq);
    match call {
        None => db.prepare_cached(ALL)?.query_map((show, after), |row| row.get(0))?.collect(),
        Some(call) => db.prepare_cached(OF_CALL)?.query_map((show, after, call), |row| row.get(0))?.collect(),
    }
}

/// What a document says.
pub fn document<T: DeserializeOwned>(text: &str) -> std::result::Result<T, Refusal> {
    serde_json::from_str(text)
        .map_err(|error| StoreError::Corrupt(format!("a document cannot be read: {error}")).into())
}

/// SQLite has no unsigned numbers; times and counts fit all the same.
pub fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The other way round.
pub fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
