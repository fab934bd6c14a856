-- Times are milliseconds since 1970. `document` is the JSON that the staff's desk gets; what is searched for stands beside it.

CREATE TABLE shows (
    show_id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    is_open INTEGER NOT NULL,
    media TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at INTEGER,
    document TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE calls (
    call_id TEXT PRIMARY KEY,
    show_id TEXT NOT NULL REFERENCES shows (show_id) ON UPDATE CASCADE,
    state TEXT NOT NULL,
    active_room TEXT,
    connection_type TEXT NOT NULL,
    provider TEXT,
    call_sid TEXT,
    number TEXT,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    state_since INTEGER NOT NULL,
    approved_at INTEGER,
    aired_at INTEGER,
    ended_at INTEGER,
    end_reason TEXT,
    document TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX calls_of_show ON calls (show_id, ended_at);
CREATE INDEX calls_of_number ON calls (number) WHERE number IS NOT NULL;
CREATE INDEX calls_of_sid ON calls (call_sid) WHERE call_sid IS NOT NULL;

CREATE TABLE events (
    show_id TEXT NOT NULL REFERENCES shows (show_id) ON UPDATE CASCADE,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    what TEXT NOT NULL,
    by_whom TEXT,
    call_id TEXT,
    document TEXT NOT NULL,
    PRIMARY KEY (show_id, seq)
) WITHOUT ROWID;

CREATE INDEX events_of_call ON events (call_id, seq) WHERE call_id IS NOT NULL;

CREATE TABLE callers (
    number TEXT PRIMARY KEY,
    name TEXT NOT NULL DEFAULT '',
    warning TEXT NOT NULL DEFAULT '',
    banned INTEGER NOT NULL DEFAULT 0,
    calls INTEGER NOT NULL DEFAULT 0,
    times_on_air INTEGER NOT NULL DEFAULT 0,
    last_call_at INTEGER
) WITHOUT ROWID;

-- Webhooks that have not been delivered, in the order of what they tell.
CREATE TABLE outbox (
    post_id INTEGER PRIMARY KEY AUTOINCREMENT,
    address TEXT NOT NULL,
    event_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL DEFAULT 0,
    body TEXT NOT NULL
);

CREATE INDEX outbox_of_address ON outbox (address, post_id);
