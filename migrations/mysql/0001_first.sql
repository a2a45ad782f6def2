-- The first tables: people, sign-ins, connections, conversations and the history. IF NOT EXISTS: every statement here may
-- run again after a start that was cut off.
CREATE TABLE IF NOT EXISTS meta (
    name VARCHAR(190) NOT NULL PRIMARY KEY,
    value VARCHAR(190) NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS users (
    id BIGINT NOT NULL PRIMARY KEY,
    userid BIGINT NOT NULL UNIQUE,
    username VARCHAR(190) NOT NULL UNIQUE,
    username_key VARCHAR(190) NOT NULL UNIQUE,
    email VARCHAR(254) NOT NULL UNIQUE,
    password_hash VARCHAR(190) NOT NULL,
    password_scheme INT NOT NULL,
    display_name VARCHAR(190) NOT NULL,
    search_text VARCHAR(400) NOT NULL,
    avatar_color INT NOT NULL,
    theme VARCHAR(16) NOT NULL,
    relay_group VARCHAR(32) NOT NULL UNIQUE,
    rev BIGINT NOT NULL,
    profile_rev BIGINT NOT NULL,
    is_online BOOLEAN NOT NULL,
    last_seen BIGINT,
    created_at BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS sessions (
    id BIGINT NOT NULL PRIMARY KEY,
    token_sha256 VARCHAR(64) NOT NULL UNIQUE,
    user_id BIGINT NOT NULL,
    device VARCHAR(190) NOT NULL,
    address VARCHAR(64) NOT NULL,
    keep BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    INDEX sessions_user (user_id),
    FOREIGN KEY (user_id) REFERENCES users (userid)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS online (
    relay_id VARCHAR(32) NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL,
    session_id BIGINT NOT NULL,
    token_sha256 VARCHAR(64) NOT NULL,
    origins TEXT NOT NULL,
    device VARCHAR(190) NOT NULL,
    boot_id VARCHAR(64) NOT NULL,
    lease_end BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    connected_at BIGINT,
    last_heartbeat BIGINT,
    INDEX online_user (user_id),
    INDEX online_session (session_id),
    FOREIGN KEY (user_id) REFERENCES users (userid),
    FOREIGN KEY (session_id) REFERENCES sessions (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS conversations (
    id BIGINT NOT NULL PRIMARY KEY,
    kind VARCHAR(16) NOT NULL,
    relay_group VARCHAR(32) NOT NULL UNIQUE,
    private_key VARCHAR(32) UNIQUE,
    seq BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    floor_rev BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    created_by BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    FOREIGN KEY (created_by) REFERENCES users (userid)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS members (
    conversation_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    role VARCHAR(16) NOT NULL,
    read_seq BIGINT NOT NULL,
    person_rev BIGINT NOT NULL,
    joined_at BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, user_id),
    INDEX members_user (user_id, person_rev),
    FOREIGN KEY (conversation_id) REFERENCES conversations (id),
    FOREIGN KEY (user_id) REFERENCES users (userid)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- No foreign keys here: the commit checks conversation and sender itself, once for a whole batch.
CREATE TABLE IF NOT EXISTS messages (
    conversation_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    id VARBINARY(16) NOT NULL,
    sender BIGINT NOT NULL,
    message_type VARCHAR(16) NOT NULL,
    body TEXT NOT NULL,
    at BIGINT NOT NULL,
    sent_at BIGINT,
    PRIMARY KEY (conversation_id, seq),
    UNIQUE INDEX messages_id (id, sender, conversation_id),
    UNIQUE INDEX messages_rev (conversation_id, rev)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- What must happen after a commit, written in the same transaction, safe to run twice.
CREATE TABLE IF NOT EXISTS jobs (
    id BIGINT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL,
    run_at BIGINT NOT NULL,
    tries INT NOT NULL,
    INDEX jobs_run_at (run_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
