-- What is still to be asked: messages that were promised inside a transaction and go to the queue after it.

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

-- An outcome ends what was posted, whichever way the request came by it.
-- +goose StatementBegin
CREATE FUNCTION monthend.note_outcome() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE monthend.outbox o SET done_at = clock_timestamp() WHERE o.request_id = NEW.request_id AND o.done_at IS NULL;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER outcome_noted AFTER UPDATE OF outcome ON monthend.requests FOR EACH ROW
    WHEN (OLD.outcome IS NULL AND NEW.outcome IS NOT NULL) EXECUTE FUNCTION monthend.note_outcome();
CREATE TRIGGER outcome_noted_at_once AFTER INSERT ON monthend.requests FOR EACH ROW
    WHEN (NEW.outcome IS NOT NULL) EXECUTE FUNCTION monthend.note_outcome();

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
-- longest ago. A row whose message is worked on is not due, however long ago it was sent.
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
    IF room > 0 THEN
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

UPDATE monthend.schema SET version = 8; -- additive
