-- How a request ends at the wish of whoever asked, whether or not a worker has met it.

-- +goose Up

-- cancel_request asks for the end of a request. One that led to a run asks for the run's end, whoever else waits for it; one
-- that waits ends at once. One that no worker has met is recorded as ended where it may be unmet: its key is not known yet,
-- and its message is settled by that record. Answers asked, cancelled, ended or unknown.
-- +goose StatementBegin
CREATE FUNCTION monthend.cancel_request(asked_request text, asked_by text, unmet boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    request monthend.requests;
    why     text := concat_ws(' by ', 'cancelled', nullif(asked_by, '')) || ' before it was claimed';
BEGIN
    IF unmet THEN
        -- A worker that meets it at this very moment is waited for here, or waits and then finds this row.
        INSERT INTO monthend.requests (request_id, report, period, outcome, error, created_at, ended_at)
        VALUES (asked_request, '', '', 'cancelled', why, clock_timestamp(), clock_timestamp())
            ON CONFLICT (request_id) DO NOTHING;
        IF FOUND THEN
            RETURN 'cancelled';
        END IF;
    END IF;
    SELECT * INTO request FROM monthend.requests r WHERE r.request_id = asked_request;
    IF NOT FOUND THEN
        RETURN 'unknown';
    END IF;
    PERFORM monthend.lock_key(request.report, request.tenant, request.period);
    SELECT * INTO request FROM monthend.requests r WHERE r.request_id = asked_request FOR UPDATE;
    IF request.outcome IS NOT NULL THEN
        RETURN 'ended';
    END IF;
    IF request.run_id IS NOT NULL THEN
        RETURN monthend.cancel(request.run_id, asked_by);
    END IF;
    UPDATE monthend.requests r SET outcome = 'cancelled', error = why, ended_at = clock_timestamp() WHERE r.request_id = asked_request;
    RETURN 'cancelled';
END $$;
-- +goose StatementEnd

-- What decides about a delivery stays as it is and gets a door: a request that was cancelled before any worker met it takes
-- the key, and whatever else its message says, with its first delivery. To decide is then to find it ended.
ALTER FUNCTION monthend.claim(text, text, text, text, text, boolean, text, text, text, text, text, text, boolean, text, text, interval)
    RENAME TO decide;

-- +goose StatementBegin
CREATE FUNCTION monthend.claim(
    ask_request text, ask_message text, ask_report text, ask_tenant text, ask_period text, ask_restate boolean, ask_reason text,
    ask_requested_by text, ask_schedule text, ask_retry text,
    ask_claim text, ask_owner text, ask_alone boolean, ask_trace text, ask_definition text, ask_lease interval
) RETURNS monthend.answer LANGUAGE plpgsql AS $$
DECLARE
    answer monthend.answer;
BEGIN
    PERFORM monthend.lock_key(ask_report, ask_tenant, ask_period);
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
    RETURN answer;
END $$;
-- +goose StatementEnd

UPDATE monthend.schema SET version = 7; -- additive: workers of version 6 claim through the same door
