-- Accounts in full: what was done with them, links that prove something once, and who administers.
CREATE TABLE audit (
    id INTEGER NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (userid),
    done_by INTEGER,
    device TEXT NOT NULL,
    address TEXT NOT NULL
);
CREATE INDEX audit_user ON audit (user_id, id);
CREATE INDEX audit_at ON audit (at);

CREATE TABLE links (
    id INTEGER NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    token_sha256 TEXT NOT NULL UNIQUE,
    user_id INTEGER NOT NULL REFERENCES users (userid),
    new_email TEXT NOT NULL,
    old_email TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
);
CREATE INDEX links_user ON links (user_id, purpose);
CREATE INDEX links_expires_at ON links (expires_at);

CREATE TABLE administrators (
    user_id INTEGER NOT NULL PRIMARY KEY REFERENCES users (userid),
    since INTEGER NOT NULL
);
