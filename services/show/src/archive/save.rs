//! Changes. Documents are written before the store's thread gets them, so that it only has to put them down.

use crosspoint_model::show::{CallState, CallView, CallerView, ShowEvent, ShowView};
use crosspoint_model::{Code, Refusal};
use crosspoint_store::StoreError;
use crosspoint_store::rusqlite::{OptionalExtension, Result, Transaction};
use serde::Serialize;

use super::Change;
use super::load::signed;
use crate::outbox::{self, Post};

/// A change as rows.
pub struct Rows {
    show: Option<(ShowView, String)>,
    calls: Vec<(CallView, String)>,
    events: Vec<Event>,
    posts: Vec<Post>,
}

/// An event that is kept.
struct Event {
    show: String,
    seq: u64,
    at: u64,
    what: String,
    by: Option<String>,
    call: Option<String>,
    document: String,
}

impl Rows {
    /// What this change puts into the tables; webhooks go to these addresses.
    pub fn of(change: &Change, addresses: &[String]) -> std::result::Result<Self, Refusal> {
        let show = change.show.as_ref().map(|show| Ok::<_, Refusal>((show.clone(), document(show)?)));
        let calls = change.calls.iter().map(|call| Ok((call.clone(), document(call)?)));
        let events = change.events.iter().filter_map(|event| Event::of(event).transpose());
        Ok(Self {
            show: show.transpose()?,
            calls: calls.collect::<std::result::Result<_, Refusal>>()?,
            events: events.collect::<std::result::Result<_, Refusal>>()?,
            posts: outbox::posts(&change.events, addresses)?,
        })
    }

    /// Is there something to be told to others?
    pub fn has_posts(&self) -> bool {
        !self.posts.is_empty()
    }

    /// Puts everything down, and says how many old webhooks made room. `None`: nothing was put down, because another show of this
    /// name goes on.
    pub fn write(&self, tx: &Transaction<'_>) -> std::result::Result<Option<usize>, StoreError> {
        if let Some((show, document)) = &self.show {
            make_way(tx, show)?;
            if !put_show(tx, show, document)? {
                return Ok(None);
            }
        }
        for (call, document) in &self.calls {
            keep_history(tx, call)?;
            put_call(tx, call, document)?;
        }
        for event in &self.events {
            event.put(tx)?;
        }
        Ok(Some(outbox::put(tx, &self.posts)?))
    }
}

impl Event {
    fn of(event: &ShowEvent) -> std::result::Result<Option<Self>, Refusal> {
        let (seq, at, what, by, show, call) = match event {
            ShowEvent::Call { seq, at, what, by, call } => {
                (seq, at, what, by, &call.show_id, Some(call.call_id.clone()))
            }
            ShowEvent::Show { seq, at, what, by, show } => (seq, at, what, by, &show.show_id, None),
            ShowEvent::Snapshot { .. } | ShowEvent::Staff { .. } | ShowEvent::Lines { .. } => return Ok(None),
        };
        Ok(Some(Self {
            show: show.clone(),
            seq: *seq,
            at: *at,
            what: what.clone(),
            by: by.clone(),
            call,
            document: document(event)?,
        }))
    }

    fn put(&self, tx: &Transaction<'_>) -> Result<()> {
        // Who did not wait for the answer, and saves it again, does no harm.
        const PUT: &str = "INSERT INTO events (show_id, seq, at, what, by_whom, call_id, document)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (show_id, seq) DO UPDATE SET at = excluded.at, what = excluded.what, by_whom = excluded.by_whom,
                call_id = excluded.call_id, document = excluded.document";
        let row = (&self.show, signed(self.seq), signed(self.at), &self.what, &self.by, &self.call, &self.document);
        tx.prepare_cached(PUT)?.execute(row)?;
        Ok(())
    }
}

/// A show that ended gives its name to one that is made after it; its calls and events go with it.
fn make_way(tx: &Transaction<'_>, show: &ShowView) -> Result<()> {
    const MAKE_WAY: &str = "UPDATE shows SET show_id = show_id || '@' || created_at
        WHERE show_id = ?1 AND ended_at IS NOT NULL AND created_at <> ?2";
    tx.prepare_cached(MAKE_WAY)?.execute((&show.show_id, signed(show.created_at)))?;
    Ok(())
}

fn put_show(tx: &Transaction<'_>, show: &ShowView, document: &str) -> Result<bool> {
    const PUT: &str = "INSERT INTO shows (show_id, title, is_open, media, created_at, ended_at, document)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        ON CONFLICT (show_id) DO UPDATE SET title = excluded.title, is_open = excluded.is_open, media = excluded.media,
            ended_at = excluded.ended_at, document = excluded.document
        WHERE shows.created_at = excluded.created_at";
    let row = (
        &show.show_id,
        &show.settings.title,
        show.open,
        show.media.as_str(),
        signed(show.created_at),
        show.ended_at.map(signed),
        document,
    );
    Ok(tx.prepare_cached(PUT)?.execute(row)? == 1)
}

fn put_call(tx: &Transaction<'_>, call: &CallView, document: &str) -> Result<()> {
    const PUT: &str =
        "INSERT INTO calls (call_id, show_id, state, active_room, connection_type, provider, call_sid, number,
            name, created_at, state_since, approved_at, aired_at, ended_at, end_reason, document)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
        ON CONFLICT (call_id) DO UPDATE SET state = excluded.state, active_room = excluded.active_room,
            provider = excluded.provider, call_sid = excluded.call_sid, number = excluded.number, name = excluded.name,
            state_since = excluded.state_since, approved_at = excluded.approved_at, aired_at = excluded.aired_at,
            ended_at = excluded.ended_at, end_reason = excluded.end_reason, document = excluded.document";
    // A call that is over has ended, whether the view says when or not: what is restored after a restart hangs on it.
    let ended = call.ended_at.or_else(|| call.state.is_over().then_some(call.state_since));
    let row = (
        &call.call_id,
        &call.show_id,
        call.state.as_str(),
        &call.active_room,
        call.connection_type.as_str(),
        &call.provider,
        &call.call_sid,
        &call.number,
        call.notes.name.as_deref().unwrap_or_default(),
        signed(call.created_at),
        signed(call.state_since),
        call.approved_at.map(signed),
        call.aired_at.map(signed),
        ended.map(signed),
        &call.end_reason,
        document,
    );
    tx.prepare_cached(PUT)?.execute(row)?;
    Ok(())
}

/// Counts a call when it is kept for the first time, and its time on the air when that is; takes over a name when it changes.
/// It compares with what is kept of the call, so look before [`put_call`].
fn keep_history(tx: &Transaction<'_>, call: &CallView) -> Result<()> {
    const BEFORE: &str = "SELECT aired_at IS NOT NULL, name FROM calls WHERE call_id = ?1";
    const KEEP: &str =
        "INSERT INTO callers (number, name, calls, times_on_air, last_call_at) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (number) DO UPDATE SET
            name = CASE excluded.name WHEN '' THEN callers.name ELSE excluded.name END,
            calls = callers.calls + excluded.calls,
            times_on_air = callers.times_on_air + excluded.times_on_air,
            last_call_at = max(coalesce(callers.last_call_at, 0), excluded.last_call_at)";
    let Some(number) = &call.number else { return Ok(()) };
    let before: Option<(bool, String)> =
        tx.prepare_cached(BEFORE)?.query_row([&call.call_id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let was_aired = before.as_ref().is_some_and(|(aired, _)| *aired);
    let aired = !was_aired && (call.aired_at.is_some() || call.state == CallState::OnAir);
    let name = call.notes.name.as_deref().unwrap_or_default();
    let is_news = before.as_ref().is_none_or(|(_, old)| old != name);
    let name = if is_news { name } else { "" };
    tx.prepare_cached(KEEP)?.execute((number, name, before.is_none(), aired, signed(call.created_at)))?;
    Ok(())
}

/// Name, warning and ban, as somebody set them.
pub fn caller(tx: &Transaction<'_>, caller: &CallerView) -> Result<()> {
    const PUT: &str = "INSERT INTO callers (number, name, warning, banned) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (number) DO UPDATE SET name = excluded.name, warning = excluded.warning, banned = excluded.banned";
    tx.prepare_cached(PUT)?.execute((&caller.number, &caller.name, &caller.warning, caller.banned))?;
    Ok(())
}

fn document<T: Serialize>(of: &T) -> std::result::Result<String, Refusal> {
    serde_json::to_string(of).map_err(|error| Refusal::new(Code::Internal, format!("a document: {error}")))
}
