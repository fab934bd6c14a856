//! The schema, step by step. Which steps were taken stands in the database itself.

use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, TransactionBehavior};

use crate::StoreError;

/// A step of the schema. Steps are only ever added: what was once released stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Its name, for people and for the database.
    pub name: &'static str,
    /// What it does.
    pub sql: &'static str,
}

const BOOK: &str = "CREATE TABLE IF NOT EXISTS migrations (
    part TEXT NOT NULL,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    taken_at INTEGER NOT NULL,
    PRIMARY KEY (part, position)
) WITHOUT ROWID";

/// Takes the steps that have not been taken.
pub fn bring_up(db: &mut Connection, part: &str, steps: &[Migration]) -> Result<(), StoreError> {
    db.execute_batch(BOOK)?;
    let taken = taken(db, part)?;
    let known = |index: usize| steps.get(index).map(|step| step.name);
    if let Some((_, step)) = taken.iter().enumerate().find(|(index, name)| known(*index) != Some(name.as_str())) {
        return Err(StoreError::Newer { part: part.to_owned(), step: step.clone() });
    }
    for (index, step) in steps.iter().enumerate().skip(taken.len()) {
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute_batch(step.sql)?;
        let row = (part, i64::try_from(index).unwrap_or(i64::MAX), step.name, now());
        tx.execute("INSERT INTO migrations (part, position, name, taken_at) VALUES (?1, ?2, ?3, ?4)", row)?;
        tx.commit()?;
        tracing::info!(part, step = step.name, "the store has a new step");
    }
    Ok(())
}

fn taken(db: &Connection, part: &str) -> rusqlite::Result<Vec<String>> {
    let mut rows = db.prepare("SELECT name FROM migrations WHERE part = ?1 ORDER BY position")?;
    rows.query_map([part], |row| row.get(0))?.collect()
}

/// Milliseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
