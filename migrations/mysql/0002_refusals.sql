-- What was refused for good after the relay had passed it on: nobody can hand it in later.
CREATE TABLE IF NOT EXISTS refusals (
    conversation_id BIGINT NOT NULL,
    sender BIGINT NOT NULL,
    id VARBINARY(16) NOT NULL,
    problem TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id, sender, conversation_id),
    INDEX refusals_at (at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
