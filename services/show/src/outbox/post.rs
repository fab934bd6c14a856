//! A webhook, and the table of those that wait.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crosspoint_model::show::ShowEvent;
use crosspoint_model::{Code, Refusal};
use crosspoint_store::rusqlite::{Connection, OptionalExtension, Result, Transaction, params_from_iter};
use serde::Serialize;

/// Of so many webhooks, counted from the newest, those are kept that wait. Older ones make room.
pub const KEPT: i64 = 100_000;

/// A webhook that has not been put down yet.
#[derive(Debug)]
pub struct Post {
    address: String,
    id: String,
    body: String,
}

/// A webhook that waits.
#[derive(Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its place in the queue.
    pub post: i64,
    /// When it was put down, milliseconds since 1970.
    pub created_at: i64,
    /// How often it has failed.
    pub attempts: u32,
    /// When it is tried next, milliseconds since 1970.
    pub due_at: i64,
    /// What is sent.
    pub body: String,
}

/// The JSON of a webhook: the event as the staff's desk gets it, and what names it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    /// The same for every attempt and every address.
    id: &'a str,
    show_id: &'a str,
    #[serde(flatten)]
    event: &'a ShowEvent,
}

/// Webhooks for what is kept of these events, one for each address.
pub fn posts(events: &[ShowEvent], addresses: &[String]) -> std::result::Result<Vec<Post>, Refusal> {
    let mut posts = Vec::new();
    if addresses.is_empty() {
        return Ok(posts);
    }
    for event in events {
        let show_id = match event {
            ShowEvent::Call { call, .. } => &call.show_id,
            ShowEvent::Show { show, .. } => &show.show_id,
            ShowEvent::Snapshot { .. } | ShowEvent::Staff { .. } | ShowEvent::Lines { .. } => continue,
        };
        let event = &without_pin(event);
        let number = getrandom::u64().map_err(|_| internal("the system gives no random numbers"))?;
        let id = format!("EV_{number:016x}");
        let body =
            serde_json::to_string(&Body { id: &id, show_id, event }).map_err(|error| internal(&error.to_string()))?;
        posts.extend(addresses.iter().map(|address| Post {
            address: address.clone(),
            id: id.clone(),
            body: body.clone(),
        }));
    }
    Ok(posts)
}

/// The PIN opens the conference to a host: it is no news for other servers.
fn without_pin(event: &ShowEvent) -> ShowEvent {
    let mut event = event.clone();
    if let ShowEvent::Show { show, .. } = &mut event {
        show.pin.clear();
    }
    event
}

/// Puts them down, and says how many old ones made room.
pub fn put(tx: &Transaction<'_>, posts: &[Post]) -> Result<usize> {
    put_within(tx, posts, KEPT)
}

pub(super) fn put_within(tx: &Transaction<'_>, posts: &[Post], kept: i64) -> Result<usize> {
    const PUT: &str = "INSERT INTO outbox (address, event_id, created_at, body) VALUES (?1, ?2, ?3, ?4)";
    if posts.is_empty() {
        return Ok(0);
    }
    let now = now();
    for post in posts {
        tx.prepare_cached(PUT)?.execute((&post.address, &post.id, now, &post.body))?;
    }
    // By number and not by count: counting a hundred thousand rows at each event would be slow just when there are as many.
    tx.prepare_cached("DELETE FROM outbox WHERE post_id <= (SELECT max(post_id) FROM outbox) - ?1")?.execute([kept])
}

/// The first that waits for this address.
pub fn first(db: &Connection, address: &str) -> Result<Option<Waiting>> {
    const FIRST: &str = "SELECT post_id, created_at, attempts, due_at, body FROM outbox WHERE address = ?1
        ORDER BY post_id LIMIT 1";
    let read = |row: &crosspoint_store::rusqlite::Row<'_>| {
        Ok(Waiting {
            post: row.get(0)?,
            created_at: row.get(1)?,
            attempts: row.get(2)?,
            due_at: row.get(3)?,
            body: row.get(4)?,
        })
    };
    db.prepare_cached(FIRST)?.query_row([address], read).optional()
}

/// It was delivered, or given up.
pub fn remove(tx: &Transaction<'_>, post: i64) -> Result<()> {
    tx.prepare_cached("DELETE FROM outbox WHERE post_id = ?1")?.execute([post])?;
    Ok(())
}

/// It failed, and is tried again then.
pub fn postpone(tx: &Transaction<'_>, post: i64, pause: Duration) -> Result<()> {
    const POSTPONE: &str = "UPDATE outbox SET attempts = attempts + 1, due_at = ?2 WHERE post_id = ?1";
    tx.prepare_cached(POSTPONE)?.execute((post, now() + milliseconds(pause)))?;
    Ok(())
}

/// Throws away what waits for other addresses than these, and says how much that was.
pub fn forget_others(tx: &Transaction<'_>, addresses: &[String]) -> Result<usize> {
    let marks = vec!["?"; addresses.len()].join(", ");
    tx.execute(&format!("DELETE FROM outbox WHERE address NOT IN ({marks})"), params_from_iter(addresses))
}

/// Milliseconds since 1970.
pub fn now() -> i64 {
    milliseconds(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

pub fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

fn internal(why: &str) -> Refusal {
    Refusal::new(Code::Internal, format!("a webhook could not be written: {why}"))
}
