-- What people show of themselves beside their name. Nobody has a row before the first change.
CREATE TABLE IF NOT EXISTS profiles (
    user_id BIGINT NOT NULL PRIMARY KEY,
    status_line VARCHAR(400) NOT NULL,
    language VARCHAR(16) NOT NULL,
    avatar VARCHAR(32) UNIQUE,
    presence VARCHAR(16) NOT NULL,
    FOREIGN KEY (user_id) REFERENCES users (userid)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
