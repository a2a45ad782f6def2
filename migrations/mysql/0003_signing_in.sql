-- Signing in: programs' refresh tokens, second factors, and sign-ins that wait for their second step.
CREATE TABLE IF NOT EXISTS refresh_tokens (
    token_sha256 VARCHAR(64) NOT NULL PRIMARY KEY,
    session_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    spent_at BIGINT,
    INDEX refresh_tokens_session (session_id),
    FOREIGN KEY (session_id) REFERENCES sessions (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS second_factors (
    user_id BIGINT NOT NULL PRIMARY KEY,
    secret VARCHAR(190) NOT NULL,
    begun_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    last_step BIGINT NOT NULL,
    FOREIGN KEY (user_id) REFERENCES users (userid)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS recovery_codes (
    user_id BIGINT NOT NULL,
    code_sha256 VARCHAR(64) NOT NULL,
    PRIMARY KEY (user_id, code_sha256),
    FOREIGN KEY (user_id) REFERENCES users (userid)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS sign_in_steps (
    token_sha256 VARCHAR(64) NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL,
    keep BOOLEAN NOT NULL,
    expires_at BIGINT NOT NULL,
    INDEX sign_in_steps_user (user_id),
    INDEX sign_in_steps_expires_at (expires_at),
    FOREIGN KEY (user_id) REFERENCES users (userid)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
