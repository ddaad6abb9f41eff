-- How a request ends that can never be fulfilled.

-- +goose Up

-- refuse records the request as failed, once. Had it led to a run that nobody works on, that run fails with it: no other
-- message would bring it back, and it would block its key. A run that is being worked on goes on; the request takes its
-- outcome. Answers the request's outcome, NULL while it has none.
-- +goose StatementBegin
CREATE FUNCTION monthend.refuse(
    bad_request text, bad_message text, bad_report text, bad_tenant text, bad_period text, bad_restate boolean,
    bad_requested_by text, bad_schedule text, why text
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    request monthend.requests;
    run     monthend.runs;
BEGIN
    INSERT INTO monthend.requests AS r (request_id, message_id, report, tenant, period, restate, requested_by, schedule,
                                        outcome, error, created_at, ended_at)
    VALUES (bad_request, bad_message, bad_report, bad_tenant, bad_period, bad_restate, bad_requested_by, bad_schedule,
            'failed', why, clock_timestamp(), clock_timestamp())
        ON CONFLICT (request_id) DO NOTHING
    RETURNING * INTO request;
    IF FOUND THEN
        RETURN request.outcome;
    END IF;

    -- The recorded key, not the refused one, is what a claim locks.
    SELECT * INTO request FROM monthend.requests r WHERE r.request_id = bad_request;
    PERFORM monthend.lock_key(request.report, request.tenant, request.period);
    SELECT * INTO request FROM monthend.requests r WHERE r.request_id = bad_request FOR UPDATE;
    IF request.outcome IS NOT NULL
       OR (request.report, request.tenant) IS DISTINCT FROM (bad_report, bad_tenant)
       OR bad_period ~ '^[0-9]{4}-[0-9]{2}$' AND bad_period <> request.period THEN -- what is recorded is resolved, what is refused may not be
        RETURN request.outcome; -- ended, or another's under the same id
    END IF;
    IF request.run_id IS NULL THEN
        UPDATE monthend.requests r SET outcome = 'failed', error = why, ended_at = clock_timestamp() WHERE r.request_id = bad_request;
        RETURN 'failed';
    END IF;
    SELECT * INTO run FROM monthend.runs r WHERE r.run_id = request.run_id FOR UPDATE;
    IF run.lease_until > clock_timestamp() THEN
        RETURN NULL;
    END IF;
    PERFORM monthend.finish(run.run_id, 'failed', why);
    RETURN 'failed';
END $$;
-- +goose StatementEnd

UPDATE monthend.schema SET version = 6, min_worker = 6;
