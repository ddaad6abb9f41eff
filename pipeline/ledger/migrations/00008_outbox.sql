-- What is still to be asked: messages that were promised inside a transaction and go to the queue after it. And what one
-- asking for all tenants of a report becomes: a request a tenant, counted where they end.

-- +goose Up

-- A row is due until it is sent, then again when its message may be lost, and done for good once its request has an outcome.
-- Whoever asks inside a transaction of its own inserts here; the first posting of a request id holds.
CREATE TABLE monthend.outbox (
    request_id   text COLLATE "C" PRIMARY KEY CHECK (request_id <> ''),
    report       monthend.report_name NOT NULL,
    tenant       monthend.tenant_name NOT NULL DEFAULT '',
    period       text COLLATE "C" NOT NULL,                  -- as it is asked for: YYYY-MM or previous-month
    body         text NOT NULL CHECK (body <> ''),           -- the job message
    trace_header text NOT NULL DEFAULT '',                   -- of whoever asked; '' begins a trace
    apart        boolean NOT NULL DEFAULT false,             -- one of a burst: its message gets a trace of its own
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at       timestamptz NOT NULL DEFAULT clock_timestamp(), -- when it is to be sent (again); later while a drain has it
    sends        integer NOT NULL DEFAULT 0,
    sent_at      timestamptz,                                -- of the last send that SQS took; NULL: none yet
    message_id   text NOT NULL DEFAULT '',                   -- of that send
    done_at      timestamptz,                                -- the request has its outcome
    CONSTRAINT sent_at_least_once CHECK (sent_at IS NULL OR sends > 0)
);
CREATE INDEX outbox_lane ON monthend.outbox (tenant, due_at, request_id) WHERE done_at IS NULL;
CREATE INDEX outbox_due  ON monthend.outbox (due_at) WHERE done_at IS NULL;
CREATE INDEX outbox_done ON monthend.outbox (done_at) WHERE done_at IS NOT NULL;
-- When a tenant was last served decides whose turn it is.
CREATE INDEX outbox_served ON monthend.outbox (tenant, sent_at) WHERE sent_at IS NOT NULL;

-- A request without a tenant for a report that has tenants is the parent of one request a tenant. It is no run. Its outcome
-- is set once, when every child has one for the first time; state follows the children whenever they change again.
CREATE TABLE monthend.fanouts (
    request_id      text COLLATE "C" PRIMARY KEY REFERENCES monthend.requests,
    tenants         integer NOT NULL CHECK (tenants > 0),
    state           text COLLATE "C" NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'partial', 'failed')),
    rounds          integer NOT NULL DEFAULT 1,          -- the fan-out, and every retry of what failed
    trace_id        text NOT NULL DEFAULT '',            -- of the delivery that fanned out
    created_at      timestamptz NOT NULL,
    cancel_asked_at timestamptz,
    ended_at        timestamptz,                         -- when it was last closed
    closings        integer NOT NULL DEFAULT 0,          -- how often it was
    overview        text NOT NULL DEFAULT '',            -- path of the document over all tenants, of the last closing that has one
    overview_of     integer NOT NULL DEFAULT 0,          -- that closing
    overview_until  timestamptz,                         -- somebody draws one until then
    CONSTRAINT open_has_no_end CHECK ((state = 'open') = (ended_at IS NULL))
);
CREATE INDEX fanouts_open     ON monthend.fanouts (request_id) WHERE state = 'open';
CREATE INDEX fanouts_newest   ON monthend.fanouts (created_at DESC, request_id DESC);
CREATE INDEX fanouts_unviewed ON monthend.fanouts (request_id) WHERE state IN ('done', 'partial') AND overview_of < closings;

-- Its own row for every child: thousands that end at once on many workers write thousands of rows and wait for none.
CREATE TABLE monthend.children (
    parent     text COLLATE "C" NOT NULL REFERENCES monthend.fanouts,
    tenant     monthend.tenant_name NOT NULL CHECK (tenant <> ''),
    request_id text COLLATE "C" NOT NULL CHECK (request_id <> ''), -- the last that asked for it; of an earlier parent where that one is at it
    joined     boolean NOT NULL DEFAULT false,                     -- that is so
    run_id     text COLLATE "C",                                   -- that its outcome is of
    outcome    monthend.outcome,
    ended_at   timestamptz,
    PRIMARY KEY (parent, tenant),
    CONSTRAINT ended_by_an_outcome CHECK ((outcome IS NULL) = (ended_at IS NULL))
);
CREATE INDEX children_asked ON monthend.children (request_id);
CREATE INDEX children_open  ON monthend.children (parent) WHERE outcome IS NULL;
CREATE INDEX children_joined ON monthend.children (request_id) WHERE outcome IS NULL AND joined;
CREATE INDEX children_bad   ON monthend.children (run_id) WHERE outcome IN ('data_failed', 'failed', 'cancelled');

-- An outcome ends what was posted and what was asked for on behalf of a parent, whichever way the request came by it.
-- +goose StatementBegin
CREATE FUNCTION monthend.note_outcome() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE monthend.outbox o SET done_at = clock_timestamp() WHERE o.request_id = NEW.request_id AND o.done_at IS NULL;
    UPDATE monthend.children c SET outcome = NEW.outcome, run_id = NEW.run_id, ended_at = clock_timestamp()
     WHERE c.request_id = NEW.request_id AND c.outcome IS NULL;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER outcome_noted AFTER UPDATE OF outcome ON monthend.requests FOR EACH ROW
    WHEN (OLD.outcome IS NULL AND NEW.outcome IS NOT NULL) EXECUTE FUNCTION monthend.note_outcome();
CREATE TRIGGER outcome_noted_at_once AFTER INSERT ON monthend.requests FOR EACH ROW
    WHEN (NEW.outcome IS NOT NULL) EXECUTE FUNCTION monthend.note_outcome();

-- A run that ended badly and is attempted again on its own account mends its children, and their parents are counted anew.
-- +goose StatementBegin
CREATE FUNCTION monthend.note_retry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH mended AS (
        UPDATE monthend.children c SET outcome = NEW.outcome, ended_at = clock_timestamp()
         WHERE c.run_id = NEW.run_id AND c.outcome IN ('data_failed', 'failed', 'cancelled')
        RETURNING c.parent
    )
    UPDATE monthend.fanouts f SET state = 'open', ended_at = NULL FROM mended WHERE f.request_id = mended.parent AND f.state <> 'open';
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER retry_noted AFTER UPDATE OF outcome ON monthend.runs FOR EACH ROW
    WHEN (OLD.outcome IS NULL AND NEW.outcome IS NOT NULL AND NEW.attempt > 1) EXECUTE FUNCTION monthend.note_retry();

-- A request that ended before it was posted is not sent at all.
-- +goose StatementBegin
CREATE FUNCTION monthend.note_posting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT r.ended_at INTO NEW.done_at FROM monthend.requests r WHERE r.request_id = NEW.request_id AND r.outcome IS NOT NULL;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER posting_noted BEFORE INSERT ON monthend.outbox FOR EACH ROW EXECUTE FUNCTION monthend.note_posting();

-- pick takes up to most rows that are due of no tenant and as many of tenants, and keeps them from other drains for as long
-- as held. A row of no tenant is nobody's competitor and is never kept waiting. Of a tenant at most a_tenant messages are
-- without an outcome at a time, of all tenants in_all; the turn is the tenant's who has the fewest, then who was served
-- longest ago. Turns are made out only when half of in_all is through: whoever came in between would wait for the same
-- messages inside the queue. A row whose message is worked on is not due, however long ago it was sent.
-- +goose StatementBegin
CREATE FUNCTION monthend.pick(most integer, a_tenant integer, in_all integer, held interval) RETURNS SETOF monthend.outbox
LANGUAGE plpgsql AS $$
DECLARE
    now    timestamptz;
    room   integer;
    picked text[];
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('monthend/outbox', 0)); -- one drain picks at a time: counts are true
    now := clock_timestamp();

    -- Rows that another transaction is about to end are passed over everywhere here: nobody waits, so nobody deadlocks.
    WITH late AS (
        SELECT o.request_id FROM monthend.outbox o
         WHERE o.done_at IS NULL AND o.sent_at IS NOT NULL AND o.due_at <= now
         ORDER BY o.due_at LIMIT 1000 FOR UPDATE SKIP LOCKED
    )
    UPDATE monthend.outbox o
       SET done_at = r.ended_at, due_at = CASE WHEN r.outcome IS NULL THEN u.lease_until + held ELSE o.due_at END
      FROM late JOIN monthend.requests r USING (request_id) LEFT JOIN monthend.runs u USING (run_id)
     WHERE o.request_id = late.request_id AND (r.outcome IS NOT NULL OR u.lease_until > now);

    SELECT in_all - count(*) INTO room FROM monthend.outbox o WHERE o.done_at IS NULL AND o.due_at > now AND o.tenant <> '';

    SELECT array_agg(o.request_id) INTO picked FROM (
        SELECT o.request_id FROM monthend.outbox o
         WHERE o.done_at IS NULL AND o.tenant = '' AND o.due_at <= now ORDER BY o.due_at, o.request_id LIMIT most
    ) o;
    IF room >= (in_all + 1) / 2 THEN
        WITH RECURSIVE lane AS ( -- every tenant that has anything unfinished, by one look into the index each
            (SELECT o.tenant::text FROM monthend.outbox o WHERE o.done_at IS NULL AND o.tenant > '' ORDER BY o.tenant LIMIT 1)
            UNION ALL
            SELECT (SELECT o.tenant::text FROM monthend.outbox o WHERE o.done_at IS NULL AND o.tenant > lane.tenant ORDER BY o.tenant LIMIT 1)
              FROM lane WHERE lane.tenant IS NOT NULL
        ), standing AS (
            SELECT lane.tenant, (SELECT count(*) FROM (
                       SELECT FROM monthend.outbox o
                        WHERE o.done_at IS NULL AND o.tenant = lane.tenant AND o.due_at > now LIMIT a_tenant) queued) AS queued
              FROM lane WHERE lane.tenant IS NOT NULL
        ), candidate AS (
            SELECT o.request_id, o.due_at, standing.tenant, standing.queued + o.nth AS nth
              FROM standing, LATERAL (
                       SELECT o.request_id, o.due_at, row_number() OVER (ORDER BY o.due_at, o.request_id) AS nth FROM monthend.outbox o
                        WHERE o.done_at IS NULL AND o.tenant = standing.tenant AND o.due_at <= now
                        ORDER BY o.due_at, o.request_id LIMIT a_tenant - standing.queued) o
        )
        SELECT picked || array_agg(turn.request_id) INTO picked FROM (
            SELECT c.request_id FROM candidate c
             ORDER BY c.nth, (SELECT max(o.sent_at) FROM monthend.outbox o WHERE o.tenant = c.tenant AND o.sent_at IS NOT NULL) NULLS FIRST,
                      c.due_at, c.request_id
             LIMIT least(most, room)
        ) turn;
    END IF;

    RETURN QUERY UPDATE monthend.outbox o SET due_at = now + held
      FROM (SELECT p.request_id FROM monthend.outbox p WHERE p.request_id = ANY (picked) AND p.done_at IS NULL FOR UPDATE SKIP LOCKED) mine
     WHERE o.request_id = mine.request_id
    RETURNING o.*;
END $$;
-- +goose StatementEnd

-- sent records which rows SQS took, under which message id. Their messages are taken for lost after a while that doubles with
-- every send, up to 32 times as long.
-- +goose StatementBegin
CREATE FUNCTION monthend.sent(requests text[], messages text[], lost interval) RETURNS void LANGUAGE sql AS $$
    UPDATE monthend.outbox o
       SET sent_at = clock_timestamp(), sends = o.sends + 1, message_id = m.message_id,
           due_at = clock_timestamp() + lost * 2 ^ least(o.sends, 5)
      FROM (SELECT p.request_id, t.message_id
              FROM monthend.outbox p JOIN unnest(requests, messages) AS t (request_id, message_id) USING (request_id)
               FOR UPDATE OF p SKIP LOCKED) m
     WHERE o.request_id = m.request_id;
$$;
-- +goose StatementEnd

-- fan_out records a parent and asks for its tenants, all or nothing. A month that is published already is a child that is done
-- (but for a restatement); one that an earlier parent's child is at is waited for, not asked again. Answers open or the state
-- of a parent that is known already, settled when the request ended otherwise before, and reused for another's request id.
-- +goose StatementBegin
CREATE FUNCTION monthend.fan_out(
    asked_request text, asked_message text, asked_report text, asked_period text, asked_restate boolean, asked_reason text,
    asked_by text, asked_schedule text, asked_trace text, asked_header text, tenants text[], requests text[], bodies text[]
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    request monthend.requests;
    known   text;
    now     timestamptz;
BEGIN
    PERFORM monthend.lock_key(asked_report, '', asked_period);
    now := clock_timestamp();
    INSERT INTO monthend.requests (request_id, message_id, report, period, restate, reason, requested_by, schedule, created_at)
    VALUES (asked_request, asked_message, asked_report, asked_period, asked_restate, asked_reason, asked_by, asked_schedule, now)
        ON CONFLICT (request_id) DO NOTHING;
    SELECT * INTO request FROM monthend.requests r WHERE r.request_id = asked_request FOR UPDATE;
    SELECT f.state INTO known FROM monthend.fanouts f WHERE f.request_id = asked_request;
    IF FOUND AND (request.report, request.tenant, request.period) = (asked_report, '', asked_period) THEN
        RETURN known;
    END IF;
    IF request.outcome = 'cancelled' AND request.report = '' AND request.period = '' THEN -- before any worker met it
        UPDATE monthend.requests r
           SET message_id = asked_message, report = asked_report, period = asked_period, restate = asked_restate, reason = asked_reason,
               requested_by = asked_by, schedule = asked_schedule
         WHERE r.request_id = asked_request;
        RETURN 'settled';
    END IF;
    IF (request.report, request.tenant, request.period) IS DISTINCT FROM (asked_report, '', asked_period) THEN
        RETURN 'reused';
    END IF;
    IF request.outcome IS NOT NULL THEN
        RETURN 'settled';
    END IF;
    IF request.run_id IS NOT NULL THEN
        RETURN 'reused'; -- it led to a run, when the definition had no tenants yet
    END IF;

    INSERT INTO monthend.fanouts (request_id, tenants, trace_id, created_at) VALUES (asked_request, cardinality(tenants), asked_trace, now);
    WITH asked AS (
        SELECT * FROM unnest(tenants, requests, bodies) AS t (tenant, request_id, body)
    ), done AS (
        SELECT a.tenant, v.run_id
          FROM asked a
          JOIN monthend.current c ON (c.report, c.tenant, c.period) = (asked_report, a.tenant, asked_period)
          JOIN monthend.versions v ON (v.report, v.tenant, v.period, v.version) = (c.report, c.tenant, c.period, c.version)
         WHERE NOT asked_restate
    ), under_way AS (
        SELECT DISTINCT ON (c.tenant) c.tenant, c.request_id
          FROM monthend.requests r JOIN monthend.fanouts f USING (request_id) JOIN monthend.children c ON c.parent = f.request_id
         WHERE NOT asked_restate AND f.state = 'open' AND r.report = asked_report AND r.period = asked_period
           AND f.cancel_asked_at IS NULL AND c.outcome IS NULL
         ORDER BY c.tenant, f.created_at, c.request_id
    ), child AS (
        INSERT INTO monthend.children (parent, tenant, request_id, joined, run_id, outcome, ended_at)
        SELECT asked_request, a.tenant, coalesce(u.request_id, a.request_id), u.request_id IS NOT NULL, d.run_id,
               CASE WHEN d.run_id IS NOT NULL THEN 'duplicate' END, CASE WHEN d.run_id IS NOT NULL THEN now END
          FROM asked a LEFT JOIN done d USING (tenant) LEFT JOIN under_way u USING (tenant)
        RETURNING tenant, request_id, outcome
    )
    INSERT INTO monthend.outbox (request_id, report, tenant, period, body, trace_header, apart, created_at, due_at)
    SELECT a.request_id, asked_report, a.tenant, asked_period, a.body, asked_header, true, now, now
      FROM asked a JOIN child USING (tenant, request_id)
     WHERE child.outcome IS NULL
        ON CONFLICT (request_id) DO NOTHING;
    PERFORM monthend.close_fanout(asked_request);
    SELECT f.state INTO known FROM monthend.fanouts f WHERE f.request_id = asked_request;
    RETURN known;
END $$;
-- +goose StatementEnd

-- close_fanout gives a parent its state when no child is open, and its request the outcome if that has none. Answers whether
-- it did.
-- +goose StatementBegin
CREATE FUNCTION monthend.close_fanout(parent_request text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    parent  monthend.fanouts;
    request monthend.requests;
    n       record;
    why     text;
BEGIN
    -- Passed over where somebody else is at it: a transaction that ends children may hold one parent and want another.
    SELECT * INTO parent FROM monthend.fanouts f WHERE f.request_id = parent_request AND f.state = 'open' FOR UPDATE SKIP LOCKED;
    IF NOT FOUND OR EXISTS (SELECT FROM monthend.children c WHERE c.parent = parent_request AND c.outcome IS NULL) THEN
        RETURN false;
    END IF;
    SELECT count(*) FILTER (WHERE c.outcome IN ('published', 'duplicate', 'unchanged')) AS good,
           count(*) FILTER (WHERE c.outcome = 'data_failed') AS data_failed, count(*) FILTER (WHERE c.outcome = 'failed') AS failed,
           count(*) FILTER (WHERE c.outcome = 'cancelled') AS cancelled
      INTO n FROM monthend.children c WHERE c.parent = parent_request;
    UPDATE monthend.fanouts f
       SET state = CASE WHEN n.good = f.tenants THEN 'done' WHEN n.good > 0 THEN 'partial' ELSE 'failed' END,
           ended_at = clock_timestamp(), closings = f.closings + 1
     WHERE f.request_id = parent_request;
    why := concat_ws(', ', nullif(n.failed, 0) || ' failed', nullif(n.data_failed, 0) || ' data_failed', nullif(n.cancelled, 0) || ' cancelled');
    UPDATE monthend.requests r
       SET outcome = CASE WHEN n.good = parent.tenants THEN 'published' WHEN n.failed > 0 THEN 'failed'
                          WHEN n.cancelled > 0 THEN 'cancelled' ELSE 'data_failed' END,
           error = CASE WHEN why = '' THEN '' ELSE format('%s of %s tenants done: %s', n.good, parent.tenants, why) END,
           ended_at = clock_timestamp()
     WHERE r.request_id = parent_request AND r.outcome IS NULL;
    RETURN true;
END $$;
-- +goose StatementEnd

-- close_fanouts closes the parents whose last child has ended. Answers which. The end of a request that a later parent joined
-- at that very moment could not see the later one's row: it is noted here.
-- +goose StatementBegin
CREATE FUNCTION monthend.close_fanouts() RETURNS SETOF text LANGUAGE sql AS $$
    UPDATE monthend.children c SET outcome = r.outcome, run_id = r.run_id, ended_at = r.ended_at
      FROM monthend.requests r
     WHERE c.outcome IS NULL AND c.joined AND r.request_id = c.request_id AND r.outcome IS NOT NULL;
    WITH ended AS MATERIALIZED (
        SELECT f.request_id FROM monthend.fanouts f
         WHERE f.state = 'open' AND NOT EXISTS (SELECT FROM monthend.children c WHERE c.parent = f.request_id AND c.outcome IS NULL)
    )
    SELECT e.request_id FROM ended e WHERE monthend.close_fanout(e.request_id);
$$;
-- +goose StatementEnd

-- fan_again asks once more for the children that ended badly: those named, under the request ids and with the messages given,
-- in the round given. Answers how many; -1 when the round is not the next one any more.
-- +goose StatementBegin
CREATE FUNCTION monthend.fan_again(
    parent_request text, round integer, asked_header text, tenants text[], requests text[], bodies text[]
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    request monthend.requests;
    n       integer;
BEGIN
    SELECT * INTO request FROM monthend.requests r WHERE r.request_id = parent_request;
    UPDATE monthend.fanouts f SET rounds = round, cancel_asked_at = NULL, state = 'open', ended_at = NULL
     WHERE f.request_id = parent_request AND f.rounds = round - 1;
    IF NOT FOUND THEN
        RETURN -1;
    END IF;
    WITH asked AS (
        SELECT * FROM unnest(tenants, requests, bodies) AS t (tenant, request_id, body)
    ), child AS (
        UPDATE monthend.children c SET request_id = a.request_id, joined = false, outcome = NULL, run_id = NULL, ended_at = NULL
          FROM asked a
         WHERE c.parent = parent_request AND c.tenant = a.tenant AND c.outcome IN ('data_failed', 'failed', 'cancelled')
        RETURNING c.tenant, c.request_id, a.body
    )
    INSERT INTO monthend.outbox (request_id, report, tenant, period, body, trace_header, apart)
    SELECT child.request_id, request.report, child.tenant, request.period, child.body, asked_header, true FROM child
        ON CONFLICT (request_id) DO NOTHING;
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END $$;
-- +goose StatementEnd

-- cancel_fanout ends the children of a parent that no worker has met, and answers the requests of those that one has: their
-- ends are asked for one by one. What an earlier parent asked for goes on for that one. No row: there is no such parent, or it has ended; a NULL says that there is nothing left.
-- +goose StatementBegin
CREATE FUNCTION monthend.cancel_fanout(parent_request text, asked_by text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    request monthend.requests;
    now     timestamptz := clock_timestamp();
BEGIN
    UPDATE monthend.fanouts f SET cancel_asked_at = now WHERE f.request_id = parent_request AND f.state = 'open';
    IF NOT FOUND THEN
        RETURN;
    END IF;
    UPDATE monthend.children c SET outcome = 'cancelled', ended_at = now WHERE c.parent = parent_request AND c.outcome IS NULL AND c.joined;
    SELECT * INTO request FROM monthend.requests r WHERE r.request_id = parent_request;
    INSERT INTO monthend.requests (request_id, report, tenant, period, restate, reason, requested_by, outcome, error, created_at, ended_at)
    SELECT c.request_id, request.report, c.tenant, request.period, request.restate, request.reason, request.requested_by, 'cancelled',
           concat_ws(' by ', 'cancelled', nullif(asked_by, '')) || ' before it was claimed', now, now
      FROM monthend.children c
     WHERE c.parent = parent_request AND c.outcome IS NULL ORDER BY c.request_id
        ON CONFLICT (request_id) DO NOTHING;
    RETURN NEXT NULL;
    RETURN QUERY SELECT c.request_id FROM monthend.children c WHERE c.parent = parent_request AND c.outcome IS NULL ORDER BY c.request_id;
    PERFORM monthend.close_fanout(parent_request);
END $$;
-- +goose StatementEnd

UPDATE monthend.schema SET version = 8; -- additive
