-- The first tables: people, sign-ins, connections, conversations and the history.
CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE users (
    id INTEGER NOT NULL PRIMARY KEY,
    userid INTEGER NOT NULL UNIQUE,
    username TEXT NOT NULL UNIQUE,
    username_key TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    password_scheme INTEGER NOT NULL,
    display_name TEXT NOT NULL,
    search_text TEXT NOT NULL,
    avatar_color INTEGER NOT NULL,
    theme TEXT NOT NULL,
    relay_group TEXT NOT NULL UNIQUE,
    rev INTEGER NOT NULL,
    profile_rev INTEGER NOT NULL,
    is_online BOOLEAN NOT NULL,
    last_seen INTEGER,
    created_at INTEGER NOT NULL
);

CREATE TABLE sessions (
    id INTEGER NOT NULL PRIMARY KEY,
    token_sha256 TEXT NOT NULL UNIQUE,
    user_id INTEGER NOT NULL REFERENCES users (userid),
    device TEXT NOT NULL,
    address TEXT NOT NULL,
    keep BOOLEAN NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE online (
    relay_id TEXT NOT NULL PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (userid),
    session_id INTEGER NOT NULL REFERENCES sessions (id),
    token_sha256 TEXT NOT NULL,
    origins TEXT NOT NULL,
    device TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    lease_end INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    connected_at INTEGER,
    last_heartbeat INTEGER
);
CREATE INDEX online_user ON online (user_id);
CREATE INDEX online_session ON online (session_id);

CREATE TABLE conversations (
    id INTEGER NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    relay_group TEXT NOT NULL UNIQUE,
    private_key TEXT UNIQUE,
    seq INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    floor_rev INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    created_by INTEGER NOT NULL REFERENCES users (userid),
    created_at INTEGER NOT NULL
);

CREATE TABLE members (
    conversation_id INTEGER NOT NULL REFERENCES conversations (id),
    user_id INTEGER NOT NULL REFERENCES users (userid),
    role TEXT NOT NULL,
    read_seq INTEGER NOT NULL,
    person_rev INTEGER NOT NULL,
    joined_at INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
);
CREATE INDEX members_user ON members (user_id, person_rev);

-- No foreign keys here: the commit checks conversation and sender itself, once for a whole batch.
CREATE TABLE messages (
    conversation_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    id BLOB NOT NULL,
    sender INTEGER NOT NULL,
    message_type TEXT NOT NULL,
    body TEXT NOT NULL,
    at INTEGER NOT NULL,
    sent_at INTEGER,
    PRIMARY KEY (conversation_id, seq),
    UNIQUE (id, sender, conversation_id)
);
CREATE UNIQUE INDEX messages_rev ON messages (conversation_id, rev);

-- What must happen after a commit, written in the same transaction, safe to run twice.
CREATE TABLE jobs (
    id INTEGER NOT NULL PRIMARY KEY,
    body TEXT NOT NULL,
    run_at INTEGER NOT NULL,
    tries INTEGER NOT NULL
);
CREATE INDEX jobs_run_at ON jobs (run_at);
