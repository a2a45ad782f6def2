-- What people show of themselves beside their name. Nobody has a row before the first change.
CREATE TABLE profiles (
    user_id INTEGER NOT NULL PRIMARY KEY REFERENCES users (userid),
    status_line TEXT NOT NULL,
    language TEXT NOT NULL,
    avatar TEXT UNIQUE,
    presence TEXT NOT NULL
);
