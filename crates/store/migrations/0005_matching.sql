-- Rows of sources that nobody has decided about yet: whose they are is asked, or nobody wants them.
CREATE TABLE pending_match (
    app_key BIGINT NOT NULL,
    external_id TEXT {BYTEWISE} NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    line BIGINT NOT NULL,
    "values" TEXT NOT NULL,
    hash BIGINT NOT NULL,
    candidates TEXT NOT NULL,
    apart TEXT NOT NULL,
    since BIGINT NOT NULL,
    plan BIGINT NOT NULL,
    PRIMARY KEY (app_key, external_id)
);
