-- Who may see and do what with a person. Who has no row keeps nothing from anybody.
CREATE TABLE privacy (
    user_id INTEGER NOT NULL PRIMARY KEY REFERENCES users (userid),
    last_seen TEXT NOT NULL,
    read_receipts TEXT NOT NULL,
    typing TEXT NOT NULL,
    avatar TEXT NOT NULL,
    find TEXT NOT NULL,
    add_to TEXT NOT NULL,
    call_to TEXT NOT NULL,
    write_to TEXT NOT NULL
);
