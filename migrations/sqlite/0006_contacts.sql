-- Who knows whom: contacts, open requests, blocks; for each person which of it changed when; and conversations that a
-- stranger has begun. `pair_key` is `lower:higher` user ID, the same for both.
CREATE TABLE contacts (
    user_id INTEGER NOT NULL REFERENCES users (userid),
    contact_id INTEGER NOT NULL REFERENCES users (userid),
    since INTEGER NOT NULL,
    PRIMARY KEY (user_id, contact_id)
);
CREATE INDEX contacts_contact ON contacts (contact_id);

CREATE TABLE contact_requests (
    id INTEGER NOT NULL PRIMARY KEY,
    pair_key TEXT NOT NULL UNIQUE,
    sender INTEGER NOT NULL REFERENCES users (userid),
    addressee INTEGER NOT NULL REFERENCES users (userid),
    note TEXT NOT NULL,
    is_silent BOOLEAN NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE INDEX contact_requests_sender ON contact_requests (sender);
CREATE INDEX contact_requests_addressee ON contact_requests (addressee);

CREATE TABLE blocks (
    user_id INTEGER NOT NULL REFERENCES users (userid),
    blocked_id INTEGER NOT NULL REFERENCES users (userid),
    pair_key TEXT NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (user_id, blocked_id)
);
CREATE INDEX blocks_blocked ON blocks (blocked_id);
CREATE INDEX blocks_pair ON blocks (pair_key);

CREATE TABLE relations (
    user_id INTEGER NOT NULL REFERENCES users (userid),
    other_id INTEGER NOT NULL REFERENCES users (userid),
    rev INTEGER NOT NULL,
    PRIMARY KEY (user_id, other_id)
);
CREATE INDEX relations_rev ON relations (user_id, rev);

CREATE TABLE message_requests (
    conversation_id INTEGER NOT NULL REFERENCES conversations (id),
    user_id INTEGER NOT NULL REFERENCES users (userid),
    hidden_seq INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
);
