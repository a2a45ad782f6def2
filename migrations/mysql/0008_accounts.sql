-- Accounts in full: what was done with them, links that prove something once, and who administers.
CREATE TABLE IF NOT EXISTS audit (
    id BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    event VARCHAR(32) NOT NULL,
    user_id BIGINT NOT NULL,
    done_by BIGINT,
    device VARCHAR(190) NOT NULL,
    address VARCHAR(64) NOT NULL,
    INDEX audit_user (user_id, id),
    INDEX audit_at (at),
    FOREIGN KEY (user_id) REFERENCES users (userid)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS links (
    id BIGINT NOT NULL PRIMARY KEY,
    purpose VARCHAR(16) NOT NULL,
    token_sha256 VARCHAR(64) NOT NULL UNIQUE,
    user_id BIGINT NOT NULL,
    new_email VARCHAR(254) NOT NULL,
    old_email VARCHAR(254) NOT NULL,
    state VARCHAR(16) NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    INDEX links_user (user_id, purpose),
    INDEX links_expires_at (expires_at),
    FOREIGN KEY (user_id) REFERENCES users (userid)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS administrators (
    user_id BIGINT NOT NULL PRIMARY KEY,
    since BIGINT NOT NULL,
    FOREIGN KEY (user_id) REFERENCES users (userid)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
