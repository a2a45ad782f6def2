-- What was refused for good after the relay had passed it on: nobody can hand it in later.
CREATE TABLE refusals (
    conversation_id INTEGER NOT NULL,
    sender INTEGER NOT NULL,
    id BLOB NOT NULL,
    problem TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (id, sender, conversation_id)
);
CREATE INDEX refusals_at ON refusals (at);
