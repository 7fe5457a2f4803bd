-- The directory: configuration, people, plans and their log, and the work in progress.
-- Words in braces are mapped by each engine; docs/data-model.md says what each table and column is for.

CREATE TABLE config_version (
    version {KEY},
    plan BIGINT NOT NULL,
    created BIGINT NOT NULL,
    applied_through BIGINT
);
CREATE INDEX config_version_unapplied ON config_version (version) WHERE applied_through IS NULL;

CREATE TABLE config_item (
    kind TEXT NOT NULL,
    item BIGINT NOT NULL,
    from_version BIGINT NOT NULL,
    until_version BIGINT,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    plan BIGINT NOT NULL,
    PRIMARY KEY (kind, item, from_version)
) {ROWLESS};
CREATE INDEX config_item_from ON config_item (from_version);
CREATE INDEX config_item_until ON config_item (until_version) WHERE until_version IS NOT NULL;

CREATE TABLE users (
    user_key {KEY},
    status TEXT NOT NULL,
    login TEXT {BYTEWISE},
    as_of BIGINT NOT NULL,
    next_due BIGINT,
    config_version BIGINT NOT NULL,
    created BIGINT NOT NULL,
    created_plan BIGINT NOT NULL,
    activated BIGINT,
    status_changed BIGINT,
    last_updated BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    plan BIGINT NOT NULL,
    held_plan BIGINT,
    profile TEXT NOT NULL,
    profile_since TEXT,
    said TEXT
);
CREATE INDEX users_login ON users (login);
CREATE INDEX users_status ON users (status);
CREATE INDEX users_due ON users (next_due) WHERE next_due IS NOT NULL AND held_plan IS NULL;
CREATE INDEX users_held ON users (held_plan) WHERE held_plan IS NOT NULL;

CREATE TABLE source_record (
    record_key {KEY},
    app_key BIGINT NOT NULL,
    external_id TEXT {BYTEWISE} NOT NULL,
    user_key BIGINT NOT NULL,
    state TEXT NOT NULL,
    hash BIGINT NOT NULL,
    said_at BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    plan BIGINT NOT NULL,
    "values" TEXT NOT NULL
);
CREATE UNIQUE INDEX source_record_id ON source_record (app_key, external_id);
CREATE INDEX source_record_scan ON source_record (app_key, external_id, state, hash, user_key);
CREATE INDEX source_record_user ON source_record (user_key);

CREATE TABLE membership_fact (
    user_key BIGINT NOT NULL,
    group_key BIGINT NOT NULL,
    kind TEXT NOT NULL,
    ref_key BIGINT NOT NULL,
    until BIGINT,
    gone BIGINT NOT NULL,
    since BIGINT NOT NULL,
    plan BIGINT NOT NULL,
    PRIMARY KEY (user_key, group_key, kind, ref_key)
) {ROWLESS};
CREATE INDEX membership_fact_group ON membership_fact (group_key, user_key);

CREATE TABLE membership (
    user_key BIGINT NOT NULL,
    group_key BIGINT NOT NULL,
    since BIGINT NOT NULL,
    plan BIGINT NOT NULL,
    PRIMARY KEY (user_key, group_key)
) {ROWLESS};
CREATE INDEX membership_group ON membership (group_key, user_key);

CREATE TABLE assignment (
    user_key BIGINT NOT NULL,
    app_key BIGINT NOT NULL,
    kind TEXT NOT NULL,
    until BIGINT,
    gone BIGINT NOT NULL,
    since BIGINT NOT NULL,
    plan BIGINT NOT NULL,
    profile TEXT,
    PRIMARY KEY (user_key, app_key, kind)
) {ROWLESS};
CREATE INDEX assignment_app ON assignment (app_key, user_key);

CREATE TABLE link (
    user_key BIGINT NOT NULL,
    link_item BIGINT NOT NULL,
    value TEXT {BYTEWISE} NOT NULL,
    since BIGINT NOT NULL,
    plan BIGINT NOT NULL,
    PRIMARY KEY (user_key, link_item)
) {ROWLESS};
CREATE INDEX link_value ON link (link_item, value, user_key);

CREATE TABLE claim (
    namespace TEXT {BYTEWISE} NOT NULL,
    value TEXT {BYTEWISE} NOT NULL,
    user_key BIGINT NOT NULL,
    shown TEXT NOT NULL,
    base TEXT NOT NULL,
    state TEXT NOT NULL,
    reserved_until BIGINT,
    since BIGINT NOT NULL,
    plan BIGINT NOT NULL,
    PRIMARY KEY (namespace, value)
) {ROWLESS};
CREATE INDEX claim_user ON claim (user_key);

CREATE TABLE account (
    account_key {KEY},
    user_key BIGINT,
    app_key BIGINT NOT NULL,
    scope TEXT,
    group_key BIGINT,
    assigned_since BIGINT,
    assigned_plan BIGINT,
    state TEXT,
    wanted_rev BIGINT NOT NULL,
    since BIGINT NOT NULL,
    plan BIGINT NOT NULL,
    done_rev BIGINT NOT NULL,
    remote_id TEXT {BYTEWISE},
    known_at BIGINT,
    lane BIGINT NOT NULL,
    lease_owner TEXT,
    lease_token BIGINT NOT NULL,
    lease_until BIGINT,
    attempts BIGINT NOT NULL,
    next_attempt BIGINT NOT NULL,
    failed_rev BIGINT,
    wanted TEXT,
    kept TEXT,
    known TEXT,
    attempt TEXT,
    error TEXT
);
CREATE UNIQUE INDEX account_user ON account (user_key, app_key) WHERE user_key IS NOT NULL;
CREATE UNIQUE INDEX account_remote ON account (app_key, remote_id) WHERE remote_id IS NOT NULL;
CREATE INDEX account_app ON account (app_key, account_key);
-- The queue. The revisions are in it so that counting it reads nothing else.
CREATE INDEX account_queue ON account (app_key, lane, next_attempt, account_key, wanted_rev, done_rev)
    WHERE wanted_rev > done_rev;
CREATE INDEX account_leased ON account (app_key, lease_until) WHERE lease_until IS NOT NULL;

CREATE TABLE rederive (
    user_key {KEY},
    plan BIGINT NOT NULL
);

CREATE TABLE plan (
    plan_key {KEY},
    status TEXT NOT NULL,
    trigger TEXT NOT NULL,
    trigger_key TEXT NOT NULL,
    actor TEXT NOT NULL,
    created BIGINT NOT NULL,
    as_of BIGINT NOT NULL,
    applied BIGINT,
    premises TEXT NOT NULL,
    counts TEXT NOT NULL,
    notes TEXT NOT NULL,
    config_version BIGINT,
    successor BIGINT,
    undo_of BIGINT,
    force BIGINT NOT NULL,
    changes TEXT
);
CREATE INDEX plan_trigger ON plan (trigger_key, status);
CREATE INDEX plan_status ON plan (status, plan_key);
CREATE INDEX plan_undo ON plan (undo_of) WHERE undo_of IS NOT NULL;
CREATE UNIQUE INDEX plan_held ON plan (trigger_key) WHERE status = 'HELD';

CREATE TABLE plan_block (
    plan_key BIGINT NOT NULL REFERENCES plan (plan_key),
    kind TEXT NOT NULL,
    no BIGINT NOT NULL,
    first_key BIGINT NOT NULL,
    last_key BIGINT NOT NULL,
    count BIGINT NOT NULL,
    body {BYTES} NOT NULL,
    PRIMARY KEY (plan_key, kind, no)
);

CREATE TABLE run (
    plan_key BIGINT NOT NULL PRIMARY KEY REFERENCES plan (plan_key),
    phase TEXT NOT NULL,
    position TEXT,
    done BIGINT NOT NULL,
    total BIGINT NOT NULL,
    lease_owner TEXT,
    lease_token BIGINT NOT NULL,
    lease_until BIGINT,
    started BIGINT NOT NULL,
    updated BIGINT NOT NULL
);
CREATE INDEX run_unfinished ON run (plan_key) WHERE phase <> 'DONE';

CREATE TABLE log_block (
    position {KEY},
    count BIGINT NOT NULL,
    first_key BIGINT NOT NULL,
    last_key BIGINT NOT NULL,
    published BIGINT NOT NULL,
    plan_key BIGINT,
    actor TEXT NOT NULL,
    body {BYTES} NOT NULL
);
CREATE INDEX log_block_plan ON log_block (plan_key, position) WHERE plan_key IS NOT NULL;

CREATE TABLE feed (
    feed_key {KEY},
    app_key BIGINT NOT NULL,
    hash TEXT NOT NULL,
    name TEXT NOT NULL,
    received BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    rows BIGINT NOT NULL,
    valid BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    state TEXT NOT NULL,
    shape TEXT
);
CREATE INDEX feed_app ON feed (app_key, feed_key);

CREATE TABLE feed_chunk (
    feed_key BIGINT NOT NULL REFERENCES feed (feed_key),
    no BIGINT NOT NULL,
    body {BYTES} NOT NULL,
    PRIMARY KEY (feed_key, no)
);

CREATE TABLE guard_window (
    scope TEXT NOT NULL,
    what TEXT NOT NULL,
    subject BIGINT NOT NULL,
    bucket BIGINT NOT NULL,
    taken BIGINT NOT NULL,
    PRIMARY KEY (scope, what, subject, bucket)
) {ROWLESS};

CREATE TABLE app_state (
    app_key {KEY},
    paused_until BIGINT,
    failures BIGINT NOT NULL,
    error TEXT,
    listed_at BIGINT,
    tokens BIGINT,
    tokens_at BIGINT,
    last_feed BIGINT
);

CREATE TABLE task (
    task_key {KEY},
    kind TEXT NOT NULL,
    dedupe TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    app_key BIGINT,
    user_key BIGINT,
    account_key BIGINT,
    account_rev BIGINT,
    plan_key BIGINT,
    owner TEXT,
    due BIGINT,
    created BIGINT NOT NULL,
    notified BIGINT,
    done BIGINT,
    done_by TEXT
);
CREATE UNIQUE INDEX task_open ON task (dedupe) WHERE done IS NULL;
CREATE INDEX task_account ON task (account_key) WHERE account_key IS NOT NULL AND done IS NULL;
CREATE INDEX task_unnotified ON task (owner, task_key) WHERE done IS NULL AND notified IS NULL;

CREATE TABLE mail (
    mail_key {KEY},
    recipients TEXT NOT NULL,
    subject TEXT NOT NULL,
    created BIGINT NOT NULL,
    sent BIGINT,
    attempts BIGINT NOT NULL,
    error TEXT,
    body TEXT NOT NULL
);
CREATE INDEX mail_unsent ON mail (mail_key) WHERE sent IS NULL;

CREATE TABLE secret (
    secret_key {KEY},
    owner_kind TEXT NOT NULL,
    owner_key BIGINT NOT NULL,
    name TEXT NOT NULL,
    reference TEXT,
    sealed {BYTES},
    deadline BIGINT,
    plan BIGINT NOT NULL
);
CREATE INDEX secret_owner ON secret (owner_kind, owner_key, name, secret_key);
CREATE INDEX secret_deadline ON secret (deadline) WHERE deadline IS NOT NULL;

CREATE TABLE sequence (
    name TEXT NOT NULL PRIMARY KEY,
    next BIGINT NOT NULL
) {ROWLESS};
