-- Who may see and do what with a person. Who has no row keeps nothing from anybody.
CREATE TABLE IF NOT EXISTS privacy (
    user_id BIGINT NOT NULL PRIMARY KEY,
    last_seen VARCHAR(16) NOT NULL,
    read_receipts VARCHAR(16) NOT NULL,
    typing VARCHAR(16) NOT NULL,
    avatar VARCHAR(16) NOT NULL,
    find VARCHAR(16) NOT NULL,
    add_to VARCHAR(16) NOT NULL,
    call_to VARCHAR(16) NOT NULL,
    write_to VARCHAR(16) NOT NULL,
    FOREIGN KEY (user_id) REFERENCES users (userid)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
