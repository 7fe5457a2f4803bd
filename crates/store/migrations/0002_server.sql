-- What an always-on server needs beside the directory: API tokens, schedules, and quick ways to people and groups.

CREATE TABLE token (
    token_key {KEY},
    hash {BYTES} NOT NULL,
    name TEXT NOT NULL,
    rights TEXT NOT NULL,
    user_key BIGINT,
    creator TEXT NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT,
    last_used BIGINT
);
CREATE UNIQUE INDEX token_hash ON token (hash);
CREATE UNIQUE INDEX token_name ON token (name);

CREATE TABLE schedule (
    name TEXT NOT NULL PRIMARY KEY,
    next_run BIGINT NOT NULL,
    last_run BIGINT,
    last_outcome TEXT,
    lease_owner TEXT,
    lease_token BIGINT NOT NULL,
    lease_until BIGINT
) {ROWLESS};

-- Values of indexed attributes, case folded. Derived, written with the person's row.
CREATE TABLE user_value (
    attribute TEXT {BYTEWISE} NOT NULL,
    value TEXT {BYTEWISE} NOT NULL,
    user_key BIGINT NOT NULL,
    PRIMARY KEY (attribute, value, user_key)
) {ROWLESS};

-- When a group's members changed last.
CREATE TABLE group_state (
    group_key {KEY},
    members_changed BIGINT NOT NULL
);

-- Where a time begins in the log.
CREATE INDEX log_block_published ON log_block (published, position);
