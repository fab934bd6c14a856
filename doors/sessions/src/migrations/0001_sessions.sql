-- Times are milliseconds since 1970. `document` is all of a session but its candidates.

CREATE TABLE sessions (
    session_id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    document TEXT NOT NULL
) WITHOUT ROWID;

-- For the current offer. `candidate` is what the browser made; NULL: there are no more.
CREATE TABLE session_candidates (
    session_id TEXT NOT NULL REFERENCES sessions (session_id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    side TEXT NOT NULL,
    candidate TEXT,
    PRIMARY KEY (session_id, number)
) WITHOUT ROWID;
