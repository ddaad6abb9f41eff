-- What several askings have in common: the end of one leaves the others what they wait for, and what goes wrong with many tenants
-- of one is told together.

-- +goose Up

-- cancel_fanout ends the children of a parent that no worker has met, and answers the requests of those that one has: their
-- ends are asked for one by one, with cancel_child. A request that another open parent waits for goes on for that one, whoever
-- asked for it. No row: there is no such parent, or it has ended; a NULL says that there is nothing left.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION monthend.cancel_fanout(parent_request text, asked_by text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    request monthend.requests;
    now     timestamptz;
BEGIN
    -- A parent that joins at this very moment is waited for here, or waits and then finds this one cancelled.
    SELECT r.* INTO request FROM monthend.requests r JOIN monthend.fanouts f USING (request_id) WHERE r.request_id = parent_request;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM monthend.lock_key(request.report, '', request.period);
    now := clock_timestamp();
    UPDATE monthend.fanouts f SET cancel_asked_at = now WHERE f.request_id = parent_request AND f.state = 'open';
    IF NOT FOUND THEN
        RETURN;
    END IF;
    UPDATE monthend.children c SET outcome = 'cancelled', ended_at = now
     WHERE c.parent = parent_request AND c.outcome IS NULL AND EXISTS (
        SELECT FROM monthend.children o JOIN monthend.fanouts f ON f.request_id = o.parent
         WHERE o.request_id = c.request_id AND o.parent <> parent_request AND o.outcome IS NULL AND f.state = 'open' AND f.cancel_asked_at IS NULL);
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

-- cancel_child is cancel_request in the name of a parent. A run that a request of another open parent has joined goes on: only
-- the child's own request ends.
-- +goose StatementBegin
CREATE FUNCTION monthend.cancel_child(parent_request text, child_request text, asked_by text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    request monthend.requests;
BEGIN
    SELECT * INTO request FROM monthend.requests r WHERE r.request_id = child_request;
    PERFORM monthend.lock_key(request.report, request.tenant, request.period); -- who has joined its run is then known
    UPDATE monthend.requests r
       SET outcome = 'cancelled', error = concat_ws(' by ', 'cancelled', nullif(asked_by, '')), ended_at = clock_timestamp()
     WHERE r.request_id = child_request AND r.outcome IS NULL AND EXISTS (
        SELECT FROM monthend.requests j
          JOIN monthend.children o ON o.request_id = j.request_id
          JOIN monthend.fanouts f ON f.request_id = o.parent
         WHERE j.run_id = r.run_id AND j.request_id <> child_request AND j.outcome IS NULL
           AND o.parent <> parent_request AND o.outcome IS NULL AND f.state = 'open' AND f.cancel_asked_at IS NULL);
    IF FOUND THEN
        RETURN 'cancelled';
    END IF;
    RETURN monthend.cancel_request(child_request, asked_by, false);
END $$;
-- +goose StatementEnd

-- claim takes care of two things about decide. A request that was cancelled before any worker met it takes the key, and whatever else
-- its message says, with its first delivery: to decide is then to find it ended. And a run whose end is asked for is joined no
-- more: who asks after that asks for a run of its own, and waits until this one has ended.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION monthend.claim(
    ask_request text, ask_message text, ask_report text, ask_tenant text, ask_period text, ask_restate boolean, ask_reason text,
    ask_requested_by text, ask_schedule text, ask_retry text,
    ask_claim text, ask_owner text, ask_alone boolean, ask_trace text, ask_definition text, ask_lease interval
) RETURNS monthend.answer LANGUAGE plpgsql AS $$
DECLARE
    answer  monthend.answer;
    run     monthend.runs;
    request monthend.requests;
BEGIN
    PERFORM monthend.lock_key(ask_report, ask_tenant, ask_period);
    SELECT * INTO run FROM monthend.runs r
     WHERE r.report = ask_report AND r.tenant = ask_tenant AND r.period = ask_period AND r.ended_at IS NULL AND r.cancel_asked_at IS NOT NULL
       FOR UPDATE;
    SELECT * INTO request FROM monthend.requests r WHERE r.request_id = ask_request;
    IF run.run_id IS NOT NULL AND request.run_id IS NULL AND request.outcome IS NULL AND coalesce(run.lease_until <= clock_timestamp(), true) THEN
        PERFORM monthend.finish(run.run_id, 'cancelled', 'cancelled before it was claimed again'); -- nobody holds it to end it
    END IF;
    LOOP
        UPDATE monthend.requests r
           SET message_id = ask_message, report = ask_report, tenant = ask_tenant, period = ask_period, restate = ask_restate,
               reason = ask_reason, requested_by = ask_requested_by, schedule = ask_schedule, retry = ask_retry
         WHERE r.request_id = ask_request AND r.outcome = 'cancelled' AND r.report = '' AND r.period = '';
        answer := monthend.decide(ask_request, ask_message, ask_report, ask_tenant, ask_period, ask_restate, ask_reason,
                                  ask_requested_by, ask_schedule, ask_retry,
                                  ask_claim, ask_owner, ask_alone, ask_trace, ask_definition, ask_lease);
        -- A cancellation holds no lock of a key, for it knows none: one that came between the two statements is met as a
        -- request of no key at all, and takes this key in the next turn.
        EXIT WHEN answer.kind <> 'reused' OR NOT EXISTS (
            SELECT FROM monthend.requests r
             WHERE r.request_id = ask_request AND r.outcome = 'cancelled' AND r.report = '' AND r.period = '');
    END LOOP;
    IF answer.kind = 'busy' AND request.run_id IS NULL THEN
        UPDATE monthend.requests r SET run_id = NULL
         WHERE r.request_id = ask_request AND r.run_id = run.run_id AND r.outcome IS NULL;
    END IF;
    RETURN answer;
END $$;
-- +goose StatementEnd

-- A thing that went wrong with a tenant of an open parent waits for the others: it is told with them when the parent is closed, or
-- after a quarter of an hour where that takes longer.
ALTER TABLE monthend.conditions ADD COLUMN parent text COLLATE "C" NOT NULL DEFAULT ''; -- '' is told by itself
CREATE INDEX conditions_of_a_parent ON monthend.conditions (parent, kind) WHERE parent <> '' AND told_at IS NULL;

-- +goose StatementBegin
CREATE FUNCTION monthend.note_parent() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    asked text[] := ARRAY(SELECT r.request_id FROM monthend.requests r WHERE r.run_id = NEW.run_id AND NEW.run_id <> '') || NEW.request_id;
BEGIN
    SELECT f.request_id INTO NEW.parent
      FROM monthend.children c JOIN monthend.fanouts f ON f.request_id = c.parent
     WHERE c.request_id = ANY (asked) AND f.state = 'open'
     ORDER BY f.created_at, f.request_id LIMIT 1;
    IF FOUND THEN
        NEW.next_at := NEW.next_at + interval '15 minutes';
    ELSE
        NEW.parent := '';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER parent_noted BEFORE INSERT ON monthend.conditions FOR EACH ROW EXECUTE FUNCTION monthend.note_parent();

-- +goose StatementBegin
CREATE FUNCTION monthend.note_closing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE monthend.conditions c SET next_at = NEW.ended_at
     WHERE c.parent = NEW.request_id AND c.parent <> '' AND c.told_at IS NULL AND c.next_at > NEW.ended_at;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER closing_noted AFTER UPDATE OF state ON monthend.fanouts FOR EACH ROW
    WHEN (OLD.state = 'open' AND NEW.state <> 'open') EXECUTE FUNCTION monthend.note_closing();

UPDATE monthend.schema SET version = 15; -- additive
