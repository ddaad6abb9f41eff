-- What the ledger remembers. The constraints carry what must be true of every run, so that no worker, however old, stale
-- or wrong, can write anything else. All times are the database's.

-- +goose Up

-- What a worker must know of the schema; every migration that follows updates the one row.
-- A worker older than min_worker must not touch it; a newer additive version is none of its business.
CREATE TABLE monthend.schema (
    only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version    bigint  NOT NULL,
    min_worker bigint  NOT NULL CHECK (min_worker <= version)
);
INSERT INTO monthend.schema (version, min_worker) VALUES (1, 1);

CREATE DOMAIN monthend.report_name AS text COLLATE "C" CHECK (VALUE ~ '^[a-z0-9][a-z0-9-]{0,47}$');
CREATE DOMAIN monthend.tenant_name AS text COLLATE "C" CHECK (VALUE ~ '^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$'); -- '' is no tenant
CREATE DOMAIN monthend.period      AS text COLLATE "C" CHECK (VALUE ~ '^(19|[2-9][0-9])[0-9]{2}-(0[1-9]|1[0-2])$');
CREATE DOMAIN monthend.outcome     AS text COLLATE "C"
    CHECK (VALUE IN ('published', 'duplicate', 'unchanged', 'data_failed', 'failed', 'cancelled'));

-- Fencing tokens: a later claim has a larger one.
CREATE SEQUENCE monthend.token AS bigint;

CREATE TABLE monthend.runs (
    run_id            text COLLATE "C" PRIMARY KEY,
    report            monthend.report_name NOT NULL,
    tenant            monthend.tenant_name NOT NULL DEFAULT '',
    period            monthend.period      NOT NULL,
    restate           boolean NOT NULL,
    reason            text    NOT NULL DEFAULT '',
    requested_by      text    NOT NULL DEFAULT '',
    attempt           integer NOT NULL,
    token             bigint  NOT NULL,                       -- of the last claim
    owner             text,                                   -- NULL: released or ended, nobody holds it
    lease_until       timestamptz,
    version           integer CHECK (version > 0),            -- once allocated, kept by every later attempt
    trace_id          text    NOT NULL DEFAULT '',            -- of the last attempt
    stage             text    NOT NULL DEFAULT '',
    progress          bigint  NOT NULL DEFAULT 0,             -- rows, as of the last renewal
    records_extracted bigint  NOT NULL DEFAULT 0,
    records_rejected  bigint  NOT NULL DEFAULT 0,
    cancel_asked_at   timestamptz,
    cancel_asked_by   text    NOT NULL DEFAULT '',
    outcome           monthend.outcome CHECK (outcome <> 'duplicate'),
    error             text    NOT NULL DEFAULT '',            -- of the end, or of the last attempt that was released
    created_at        timestamptz NOT NULL,
    started_at        timestamptz,                            -- of the last attempt
    ended_at          timestamptz,
    UNIQUE (run_id, report, tenant, period),
    UNIQUE (report, tenant, period, version),                 -- a run that ended unpublished may leave a gap, none is reused
    CONSTRAINT ended_by_an_outcome CHECK ((outcome IS NULL) = (ended_at IS NULL)),
    CONSTRAINT held_under_a_lease  CHECK ((owner IS NULL) = (lease_until IS NULL)),
    CONSTRAINT ended_means_free    CHECK (outcome IS NULL OR owner IS NULL)
);
CREATE UNIQUE INDEX one_unended_run_a_key ON monthend.runs (report, tenant, period) WHERE ended_at IS NULL;
CREATE INDEX runs_newest ON monthend.runs (created_at DESC, run_id DESC);

-- A request that was refused may name any report and any period; one that led to a run names the run's.
CREATE TABLE monthend.requests (
    request_id   text COLLATE "C" PRIMARY KEY CHECK (request_id <> ''),
    run_id       text COLLATE "C",                            -- its own, the one it joined, or the one it is a duplicate of
    report       text COLLATE "C" NOT NULL,
    tenant       text COLLATE "C" NOT NULL DEFAULT '',
    period       text COLLATE "C" NOT NULL,
    restate      boolean NOT NULL DEFAULT false,
    reason       text NOT NULL DEFAULT '',
    requested_by text NOT NULL DEFAULT '',
    schedule     text NOT NULL DEFAULT '',
    message_id   text NOT NULL DEFAULT '',                    -- of the delivery that recorded it
    retry        text NOT NULL DEFAULT '',                    -- the run it asked to attempt again
    waits        integer NOT NULL DEFAULT 0,                  -- deliveries that met another's lease
    outcome      monthend.outcome,
    error        text NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    FOREIGN KEY (run_id, report, tenant, period) REFERENCES monthend.runs (run_id, report, tenant, period),
    CONSTRAINT ended_by_an_outcome CHECK ((outcome IS NULL) = (ended_at IS NULL))
);
CREATE INDEX requests_of_a_run ON monthend.requests (run_id);

CREATE TABLE monthend.attempts (
    run_id            text COLLATE "C" NOT NULL REFERENCES monthend.runs,
    attempt           integer NOT NULL CHECK (attempt > 0),
    token             bigint  NOT NULL UNIQUE,
    claim_id          text COLLATE "C" NOT NULL UNIQUE,       -- made by the claimer; a repeated claim is known by it
    owner             text    NOT NULL,
    alone             boolean NOT NULL DEFAULT false,         -- the owner's process worked on nothing else
    trace_id          text    NOT NULL DEFAULT '',
    definition_digest text    NOT NULL DEFAULT '',
    started_at        timestamptz NOT NULL,
    ended_at          timestamptz,
    outcome           monthend.outcome,                       -- NULL at the end: released, or crashed
    crashed           boolean NOT NULL DEFAULT false,         -- the lease ran out; struck when the owner comes back
    error             text    NOT NULL DEFAULT '',
    PRIMARY KEY (run_id, attempt),
    CONSTRAINT outcome_at_the_end CHECK (outcome IS NULL OR ended_at IS NOT NULL),
    CONSTRAINT crash_is_an_end    CHECK (NOT crashed OR (ended_at IS NOT NULL AND outcome IS NULL))
);
CREATE UNIQUE INDEX one_unended_attempt_a_run ON monthend.attempts (run_id) WHERE ended_at IS NULL;

CREATE TABLE monthend.versions (
    report         monthend.report_name NOT NULL,
    tenant         monthend.tenant_name NOT NULL DEFAULT '',
    period         monthend.period      NOT NULL,
    version        integer NOT NULL CHECK (version > 0),
    run_id         text COLLATE "C" NOT NULL UNIQUE,          -- a run publishes at most one version
    content_digest text    NOT NULL CHECK (content_digest ~ '^[0-9a-f]{64}$'),
    data_digest    text    NOT NULL CHECK (data_digest ~ '^[0-9a-f]{32,64}$'),
    path           text    NOT NULL CHECK (path <> ''),
    manifest       jsonb   NOT NULL,
    reason         text    NOT NULL DEFAULT '',
    previous       text    CHECK (previous ~ '^[0-9a-f]{64}$'), -- content digest of the version it replaced
    published_at   timestamptz NOT NULL,
    PRIMARY KEY (report, tenant, period, version),
    FOREIGN KEY (run_id, report, tenant, period) REFERENCES monthend.runs (run_id, report, tenant, period)
);

CREATE TABLE monthend.current (
    report  monthend.report_name NOT NULL,
    tenant  monthend.tenant_name NOT NULL DEFAULT '',
    period  monthend.period      NOT NULL,
    version integer NOT NULL,
    PRIMARY KEY (report, tenant, period),
    FOREIGN KEY (report, tenant, period, version) REFERENCES monthend.versions
);
