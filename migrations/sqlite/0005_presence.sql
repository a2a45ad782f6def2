-- How those who are there are shown, and which connections nobody uses just now.
CREATE TABLE statuses (
    user_id INTEGER NOT NULL PRIMARY KEY REFERENCES users (userid),
    status TEXT NOT NULL
);

CREATE TABLE idle_connections (
    relay_id TEXT NOT NULL PRIMARY KEY REFERENCES online (relay_id) ON DELETE CASCADE
);
