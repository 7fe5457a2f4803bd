-- Rows that programs tell a source one by one, collected until they are imported.

CREATE TABLE source_session (
    session_key {KEY},
    app_key BIGINT NOT NULL,
    -- OPEN, STARTED, DONE, CLOSED, EXPIRED
    state TEXT NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    loads BIGINT NOT NULL,
    rows BIGINT NOT NULL,
    -- What the import became.
    plan_key BIGINT
);
CREATE INDEX source_session_app ON source_session (app_key, session_key);

CREATE TABLE source_load (
    session_key BIGINT NOT NULL REFERENCES source_session (session_key),
    no BIGINT NOT NULL,
    body {BYTES} NOT NULL,
    PRIMARY KEY (session_key, no)
);
