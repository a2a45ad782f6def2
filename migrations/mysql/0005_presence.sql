-- How those who are there are shown, and which connections nobody uses just now.
CREATE TABLE IF NOT EXISTS statuses (
    user_id BIGINT NOT NULL PRIMARY KEY,
    status VARCHAR(16) NOT NULL,
    FOREIGN KEY (user_id) REFERENCES users (userid)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS idle_connections (
    relay_id VARCHAR(32) NOT NULL PRIMARY KEY,
    FOREIGN KEY (relay_id) REFERENCES online (relay_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
