-- Who knows whom: contacts, open requests, blocks; for each person which of it changed when; and conversations that a
-- stranger has begun. `pair_key` is `lower:higher` user ID, the same for both.
CREATE TABLE IF NOT EXISTS contacts (
    user_id BIGINT NOT NULL,
    contact_id BIGINT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (user_id, contact_id),
    FOREIGN KEY (user_id) REFERENCES users (userid),
    FOREIGN KEY (contact_id) REFERENCES users (userid)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS contact_requests (
    id BIGINT NOT NULL PRIMARY KEY,
    pair_key VARCHAR(32) NOT NULL UNIQUE,
    sender BIGINT NOT NULL,
    addressee BIGINT NOT NULL,
    note VARCHAR(400) NOT NULL,
    is_silent BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    INDEX contact_requests_sender (sender),
    INDEX contact_requests_addressee (addressee),
    FOREIGN KEY (sender) REFERENCES users (userid),
    FOREIGN KEY (addressee) REFERENCES users (userid)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS blocks (
    user_id BIGINT NOT NULL,
    blocked_id BIGINT NOT NULL,
    pair_key VARCHAR(32) NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (user_id, blocked_id),
    INDEX blocks_blocked (blocked_id),
    INDEX blocks_pair (pair_key),
    FOREIGN KEY (user_id) REFERENCES users (userid),
    FOREIGN KEY (blocked_id) REFERENCES users (userid)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS relations (
    user_id BIGINT NOT NULL,
    other_id BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    PRIMARY KEY (user_id, other_id),
    INDEX relations_rev (user_id, rev),
    FOREIGN KEY (user_id) REFERENCES users (userid),
    FOREIGN KEY (other_id) REFERENCES users (userid)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS message_requests (
    conversation_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    hidden_seq BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, user_id),
    FOREIGN KEY (conversation_id) REFERENCES conversations (id),
    FOREIGN KEY (user_id) REFERENCES users (userid)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
