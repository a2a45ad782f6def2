-- Signing in: programs' refresh tokens, second factors, and sign-ins that wait for their second step.
CREATE TABLE refresh_tokens (
    token_sha256 TEXT NOT NULL PRIMARY KEY,
    session_id INTEGER NOT NULL REFERENCES sessions (id),
    created_at INTEGER NOT NULL,
    spent_at INTEGER
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

CREATE TABLE second_factors (
    user_id INTEGER NOT NULL PRIMARY KEY REFERENCES users (userid),
    secret TEXT NOT NULL,
    begun_at INTEGER NOT NULL,
    confirmed_at INTEGER,
    last_step INTEGER NOT NULL
);

CREATE TABLE recovery_codes (
    user_id INTEGER NOT NULL REFERENCES users (userid),
    code_sha256 TEXT NOT NULL,
    PRIMARY KEY (user_id, code_sha256)
);

CREATE TABLE sign_in_steps (
    token_sha256 TEXT NOT NULL PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (userid),
    keep BOOLEAN NOT NULL,
    expires_at INTEGER NOT NULL
);
CREATE INDEX sign_in_steps_user ON sign_in_steps (user_id);
CREATE INDEX sign_in_steps_expires_at ON sign_in_steps (expires_at);
