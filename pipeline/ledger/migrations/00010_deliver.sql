-- Who approved a version, and what is brought to whom outside. Nothing here publishes or takes back: a version is current
-- whatever becomes of its deliveries.

-- +goose Up

-- A version whose definition says approve: true has a row from its publication on; any other gets one when somebody approves it.
CREATE TABLE monthend.approvals (
    report      monthend.report_name NOT NULL,
    tenant      monthend.tenant_name NOT NULL DEFAULT '',
    period      monthend.period      NOT NULL,
    version     integer NOT NULL,
    approved_by text CHECK (approved_by <> ''),               -- NULL: awaited
    approved_at timestamptz,
    PRIMARY KEY (report, tenant, period, version),
    FOREIGN KEY (report, tenant, period, version) REFERENCES monthend.versions,
    CONSTRAINT approved_by_somebody CHECK ((approved_by IS NULL) = (approved_at IS NULL))
);

CREATE TRIGGER approval_stays BEFORE UPDATE ON monthend.approvals FOR EACH ROW
    WHEN (OLD.approved_by IS NOT NULL)
    EXECUTE FUNCTION monthend.refuse_change('a version is approved once');

-- One row a recipient and subject: a version, or the condition of an alert. Its id is the idempotency key that the recipient
-- is told with every try, so no subject is brought to anybody under two of them.
CREATE TABLE monthend.deliveries (
    delivery_id text COLLATE "C" PRIMARY KEY CHECK (delivery_id ~ '^[0-9a-f]{64}$'),
    kind        text COLLATE "C" NOT NULL CHECK (kind IN ('version', 'alert')),
    report      text COLLATE "C" NOT NULL DEFAULT '',
    tenant      text COLLATE "C" NOT NULL DEFAULT '',
    period      text COLLATE "C" NOT NULL DEFAULT '',
    version     integer,                                      -- NULL of an alert
    run_id      text COLLATE "C" NOT NULL DEFAULT '',         -- that published the version, or that the alert tells of
    condition   text NOT NULL DEFAULT '',                     -- of an alert: what it was posted for
    title       text NOT NULL DEFAULT '',                     -- of an alert: one line for people
    body        text NOT NULL DEFAULT '',                     -- of an alert: the JSON that is sent
    recipient   jsonb NOT NULL,                               -- as the definition had it; secrets by the name of their variable
    target      text NOT NULL CHECK (target <> ''),           -- the recipient in words: kind and address
    state       text COLLATE "C" NOT NULL CHECK (state IN ('held', 'waiting', 'delivered', 'failed', 'skipped')),
    tries       integer NOT NULL DEFAULT 0,
    first_at    timestamptz,                                  -- of the first try
    next_at     timestamptz NOT NULL,                         -- of the next one
    owner       text,                                         -- who is at it
    token       bigint NOT NULL DEFAULT 0,                    -- of the last try: whoever has an older one decides nothing
    lease_until timestamptz,
    trace_id    text NOT NULL DEFAULT '',                     -- of the last try
    error       text NOT NULL DEFAULT '',                     -- of the last try, or why it was skipped
    created_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    FOREIGN KEY (report, tenant, period, version) REFERENCES monthend.versions,
    CONSTRAINT version_of_a_version CHECK ((kind = 'version') = (version IS NOT NULL)),
    CONSTRAINT held_under_a_lease   CHECK ((owner IS NULL) = (lease_until IS NULL)),
    CONSTRAINT leased_while_waiting CHECK (owner IS NULL OR state = 'waiting'),
    CONSTRAINT ended_by_a_state     CHECK ((state IN ('held', 'waiting')) = (ended_at IS NULL))
);
CREATE INDEX deliveries_due ON monthend.deliveries (next_at, delivery_id) WHERE state = 'waiting';
CREATE INDEX deliveries_of_a_key ON monthend.deliveries (report, tenant, period);
CREATE INDEX deliveries_of_a_run ON monthend.deliveries (run_id);

-- publish has a second door: the same publication, and with it the deliveries of the version, all or nothing. A publication
-- that is repeated, and one of a version that a ledger without its last commits had forgotten, meet their rows.
-- +goose StatementBegin
CREATE FUNCTION monthend.publish(
    claim_run text, claim_token bigint, claim_owner text, published integer, content text, data text, published_at_path text,
    published_manifest jsonb, extracted bigint, rejected bigint, approve boolean, recipients jsonb
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    word text := monthend.publish(claim_run, claim_token, claim_owner, published, content, data, published_at_path,
                                  published_manifest, extracted, rejected);
    v    monthend.versions;
    now  timestamptz := clock_timestamp();
BEGIN
    IF word <> 'done' THEN
        RETURN word;
    END IF;
    SELECT * INTO v FROM monthend.versions x WHERE x.run_id = claim_run;
    -- Whatever an earlier version still waits for is nobody's any more; what is under way finds its end by itself.
    UPDATE monthend.deliveries d
       SET state = 'skipped', error = format('superseded by version %s', v.version), ended_at = now
     WHERE d.report = v.report AND d.tenant = v.tenant AND d.period = v.period AND d.version < v.version
       AND d.state IN ('held', 'waiting') AND d.owner IS NULL;
    IF approve THEN
        INSERT INTO monthend.approvals (report, tenant, period, version) VALUES (v.report, v.tenant, v.period, v.version)
            ON CONFLICT DO NOTHING;
    END IF;
    INSERT INTO monthend.deliveries (delivery_id, kind, report, tenant, period, version, run_id, recipient, target, state, next_at, created_at)
    SELECT r.id, 'version', v.report, v.tenant, v.period, v.version, v.run_id, r.recipient, r.target,
           CASE WHEN approve THEN 'held' ELSE 'waiting' END, now, now
      FROM jsonb_to_recordset(recipients) AS r (id text, recipient jsonb, target text)
        ON CONFLICT (delivery_id) DO NOTHING;
    RETURN word;
END $$;
-- +goose StatementEnd

-- approve records who approved a version, once, and lets its deliveries go. Answers approved, already, own (a restatement, and
-- whoever approves is whoever asked for it), superseded or unknown; with it who approved when, and which version is current.
-- +goose StatementBegin
CREATE FUNCTION monthend.approve(
    asked_report text, asked_tenant text, asked_period text, asked_version integer, approver text,
    OUT answer text, OUT approved_by text, OUT approved_at timestamptz, OUT current integer, OUT released integer
) LANGUAGE plpgsql AS $$
DECLARE
    run monthend.runs;
    now timestamptz := clock_timestamp();
BEGIN
    released := 0;
    PERFORM monthend.lock_key(asked_report, asked_tenant, asked_period);
    SELECT c.version INTO current FROM monthend.current c
     WHERE c.report = asked_report AND c.tenant = asked_tenant AND c.period = asked_period;
    SELECT r.* INTO run FROM monthend.versions v JOIN monthend.runs r USING (run_id)
     WHERE v.report = asked_report AND v.tenant = asked_tenant AND v.period = asked_period AND v.version = asked_version;
    IF NOT FOUND THEN
        answer := 'unknown';
        RETURN;
    END IF;
    SELECT a.approved_by, a.approved_at INTO approve.approved_by, approve.approved_at FROM monthend.approvals a
     WHERE a.report = asked_report AND a.tenant = asked_tenant AND a.period = asked_period AND a.version = asked_version;
    IF approved_by IS NOT NULL THEN
        answer := 'already';
        RETURN;
    END IF;
    IF current <> asked_version THEN
        answer := 'superseded';
        RETURN;
    END IF;
    IF run.restate AND lower(btrim(run.requested_by)) = lower(btrim(approver)) THEN
        answer := 'own';
        RETURN;
    END IF;
    INSERT INTO monthend.approvals AS a (report, tenant, period, version, approved_by, approved_at)
    VALUES (asked_report, asked_tenant, asked_period, asked_version, approver, now)
        ON CONFLICT (report, tenant, period, version) DO UPDATE SET approved_by = excluded.approved_by, approved_at = excluded.approved_at;
    UPDATE monthend.deliveries d SET state = 'waiting', next_at = now
     WHERE d.report = asked_report AND d.tenant = asked_tenant AND d.period = asked_period AND d.version = asked_version AND d.state = 'held';
    GET DIAGNOSTICS released = ROW_COUNT;
    answer := 'approved';
    approved_by := approver;
    approved_at := now;
END $$;
-- +goose StatementEnd

-- take_delivery gives the taker one delivery that is due, under a lease, or none. One that is superseded, or has had all its
-- tries or all its time, ends here and is answered too, so that somebody tells of it. Only one delivery of a target and key is
-- under way: the files of two versions would mix in one folder.
-- +goose StatementBegin
CREATE FUNCTION monthend.take_delivery(taker text, hold interval, most_tries integer, most_time interval)
RETURNS SETOF monthend.deliveries LANGUAGE plpgsql AS $$
DECLARE
    due    monthend.deliveries;
    newest integer;
    now    timestamptz;
BEGIN
    FOR due IN
        SELECT * FROM monthend.deliveries d
         WHERE d.state = 'waiting' AND d.next_at <= clock_timestamp() AND (d.lease_until IS NULL OR d.lease_until <= clock_timestamp())
         ORDER BY d.next_at, d.delivery_id LIMIT 32
    LOOP
        -- Never waited for: a taker that went through several keys could wait for another that does the same.
        CONTINUE WHEN NOT pg_try_advisory_xact_lock(hashtextextended(concat_ws('/', 'monthend', due.report, due.tenant, due.period), 0));
        now := clock_timestamp();
        SELECT * INTO due FROM monthend.deliveries d
         WHERE d.delivery_id = due.delivery_id AND d.state = 'waiting' AND d.next_at <= now AND (d.lease_until IS NULL OR d.lease_until <= now)
           FOR UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        IF due.kind = 'version' THEN
            SELECT c.version INTO newest FROM monthend.current c
             WHERE c.report = due.report AND c.tenant = due.tenant AND c.period = due.period;
            IF newest > due.version THEN
                RETURN QUERY UPDATE monthend.deliveries d
                   SET state = 'skipped', error = format('superseded by version %s', newest), owner = NULL, lease_until = NULL, ended_at = now
                 WHERE d.delivery_id = due.delivery_id RETURNING d.*;
                RETURN;
            END IF;
            PERFORM FROM monthend.deliveries d
              WHERE d.report = due.report AND d.tenant = due.tenant AND d.period = due.period AND d.target = due.target
                AND d.delivery_id <> due.delivery_id AND d.lease_until > now;
            CONTINUE WHEN FOUND;
        END IF;
        IF due.tries >= most_tries OR due.first_at + most_time <= now THEN
            RETURN QUERY UPDATE monthend.deliveries d
               SET state = 'failed', owner = NULL, lease_until = NULL, ended_at = now,
                   error = format('given up after %s tries since %s: %s', d.tries,
                                  to_char(d.first_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), coalesce(nullif(d.error, ''), 'no try came to an end'))
             WHERE d.delivery_id = due.delivery_id RETURNING d.*;
            RETURN;
        END IF;
        RETURN QUERY UPDATE monthend.deliveries d
           SET tries = tries + 1, first_at = coalesce(first_at, now), owner = taker, token = nextval('monthend.token'), lease_until = now + hold
         WHERE d.delivery_id = due.delivery_id RETURNING d.*;
        RETURN;
    END LOOP;
END $$;
-- +goose StatementEnd

-- end_try records what became of a try: delivered, failed, waiting (tried again in again_in) or skipped. Answers done or
-- fenced; done again when the same try repeats itself. A try that does not count was cut off by whoever made it.
-- +goose StatementBegin
CREATE FUNCTION monthend.end_try(
    ended text, try_token bigint, try_owner text, became text, why text, again_in interval, counts boolean, try_trace text
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    now timestamptz := clock_timestamp();
BEGIN
    UPDATE monthend.deliveries d
       SET state = became, error = why, trace_id = coalesce(nullif(try_trace, ''), d.trace_id), next_at = now + again_in, owner = NULL, lease_until = NULL,
           tries = d.tries - CASE WHEN counts THEN 0 ELSE 1 END, ended_at = CASE WHEN became <> 'waiting' THEN now END
     WHERE d.delivery_id = ended AND d.token = try_token AND d.owner = try_owner AND d.state = 'waiting';
    IF NOT FOUND THEN
        PERFORM FROM monthend.deliveries d
          WHERE d.delivery_id = ended AND d.token = try_token AND d.owner IS NULL AND d.state = became;
        RETURN CASE WHEN FOUND THEN 'done' ELSE 'fenced' END;
    END IF;
    RETURN 'done';
END $$;
-- +goose StatementEnd

-- deliver_again has the deliveries of a version tried anew that failed, or all that ended where everything is set. Answers
-- done, superseded, held (somebody must approve it first), none (it has no deliveries) or unknown, and how many wait now.
-- +goose StatementBegin
CREATE FUNCTION monthend.deliver_again(
    asked_report text, asked_tenant text, asked_period text, asked_version integer, everything boolean,
    OUT answer text, OUT current integer, OUT begun integer
) LANGUAGE plpgsql AS $$
BEGIN
    begun := 0;
    PERFORM monthend.lock_key(asked_report, asked_tenant, asked_period);
    SELECT c.version INTO current FROM monthend.current c
     WHERE c.report = asked_report AND c.tenant = asked_tenant AND c.period = asked_period;
    PERFORM FROM monthend.versions v
      WHERE v.report = asked_report AND v.tenant = asked_tenant AND v.period = asked_period AND v.version = asked_version;
    IF NOT FOUND THEN
        answer := 'unknown';
        RETURN;
    END IF;
    IF current <> asked_version THEN
        answer := 'superseded';
        RETURN;
    END IF;
    SELECT CASE WHEN count(*) = 0 THEN 'none' WHEN bool_or(d.state = 'held') THEN 'held' ELSE 'done' END INTO answer
      FROM monthend.deliveries d
     WHERE d.report = asked_report AND d.tenant = asked_tenant AND d.period = asked_period AND d.version = asked_version;
    IF answer <> 'done' THEN
        RETURN;
    END IF;
    UPDATE monthend.deliveries d
       SET state = 'waiting', tries = 0, first_at = NULL, next_at = clock_timestamp(), ended_at = NULL
     WHERE d.report = asked_report AND d.tenant = asked_tenant AND d.period = asked_period AND d.version = asked_version
       AND (d.state = 'failed' OR everything AND d.state IN ('delivered', 'skipped'));
    GET DIAGNOSTICS begun = ROW_COUNT;
END $$;
-- +goose StatementEnd

-- Additive: a worker of version 7 publishes through the first door, and reads no definition that has deliveries.
UPDATE monthend.schema SET version = 10;
