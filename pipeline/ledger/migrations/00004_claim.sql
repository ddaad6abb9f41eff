-- How a run is claimed: one statement, decided under the key's lock.

-- +goose Up

CREATE TYPE monthend.answer AS (
    kind          text,     -- claimed, settled, busy; reused and unknown are mistakes of the asker
    run_id        text,
    outcome       text,     -- settled
    remaining     interval, -- busy: of the live lease; NULL where there is none to wait for
    waits         integer,  -- busy: how often this request has met another's lease, this time included
    attempt       integer,  -- claimed, and so are the following
    token         bigint,
    version       integer,  -- NULL: none allocated yet
    restate       boolean,
    reason        text,
    requested_by  text,
    crashes       integer,  -- earlier attempts of the run whose lease ran out
    crashes_alone integer   -- those of them that were worked alone
);

-- claimed is the answer for a run whose claim is held by the asker.
-- +goose StatementBegin
CREATE FUNCTION monthend.claimed(run monthend.runs) RETURNS monthend.answer LANGUAGE sql AS $$
    SELECT ROW('claimed', run.run_id, NULL, NULL, NULL, run.attempt, run.token, run.version, run.restate, run.reason,
               run.requested_by, count(*) FILTER (WHERE a.crashed), count(*) FILTER (WHERE a.crashed AND a.alone))::monthend.answer
      FROM monthend.attempts a WHERE a.run_id = run.run_id;
$$;
-- +goose StatementEnd

-- settle gives a request its outcome without a run of its own.
-- +goose StatementBegin
CREATE FUNCTION monthend.settle(asked text, answered_by text, ended_by text) RETURNS monthend.answer LANGUAGE plpgsql AS $$
DECLARE
    answer monthend.answer;
BEGIN
    UPDATE monthend.requests SET outcome = ended_by, run_id = answered_by, ended_at = clock_timestamp() WHERE request_id = asked;
    answer.kind := 'settled';
    answer.run_id := answered_by;
    answer.outcome := ended_by;
    RETURN answer;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION monthend.claim(
    ask_request text, ask_message text, ask_report text, ask_tenant text, ask_period text, ask_restate boolean, ask_reason text,
    ask_requested_by text, ask_schedule text, ask_retry text,
    ask_claim text, ask_owner text, ask_alone boolean, ask_trace text, ask_definition text, ask_lease interval
) RETURNS monthend.answer LANGUAGE plpgsql AS $$
DECLARE
    request monthend.requests;
    target  monthend.runs; -- what a retry names
    run     monthend.runs;
    answer  monthend.answer;
    restate boolean;
    done_by text;
    now     timestamptz;
BEGIN
    PERFORM monthend.lock_key(ask_report, ask_tenant, ask_period);
    now := clock_timestamp(); -- only after the lock: the wait for it may have outlasted a lease

    -- A redelivery of what has ended writes nothing and is answered by that end.
    SELECT * INTO request FROM monthend.requests r WHERE r.request_id = ask_request;
    IF FOUND AND (request.report, request.tenant, request.period) IS DISTINCT FROM (ask_report, ask_tenant, ask_period) THEN
        answer.kind := 'reused';
        RETURN answer;
    END IF;
    IF request.outcome IS NOT NULL THEN
        answer.kind := 'settled';
        answer.run_id := request.run_id;
        answer.outcome := request.outcome;
        RETURN answer;
    END IF;
    IF request.request_id IS NOT NULL THEN
        -- An id stands for one asking: what was said first holds.
        ask_restate := request.restate;
        ask_retry := request.retry;
    END IF;

    -- A retry asks for what its run asked for.
    restate := ask_restate;
    IF ask_retry <> '' THEN
        SELECT * INTO target FROM monthend.runs r
         WHERE r.run_id = ask_retry AND r.report = ask_report AND r.tenant = ask_tenant AND r.period = ask_period
           FOR UPDATE;
        IF NOT FOUND THEN
            answer.kind := 'unknown';
            RETURN answer;
        END IF;
        restate := target.restate;
    END IF;

    IF request.request_id IS NULL THEN
        -- The same id under another key, at this very moment, waits here and then breaks on the primary key; the repeat answers "reused".
        INSERT INTO monthend.requests (request_id, message_id, report, tenant, period, restate, reason, requested_by, schedule, retry, created_at)
        VALUES (ask_request, ask_message, ask_report, ask_tenant, ask_period, restate, ask_reason, ask_requested_by, ask_schedule, ask_retry, now)
        RETURNING * INTO request;
    END IF;

    -- A published key is answered from here; only a restatement may have the source read again.
    IF NOT restate THEN
        SELECT v.run_id INTO done_by
          FROM monthend.current c JOIN monthend.versions v USING (report, tenant, period, version)
         WHERE c.report = ask_report AND c.tenant = ask_tenant AND c.period = ask_period;
        IF FOUND THEN
            RETURN monthend.settle(ask_request, done_by, 'duplicate');
        END IF;
    END IF;
    IF target.outcome IN ('published', 'unchanged') THEN
        RETURN monthend.settle(ask_request, target.run_id, 'duplicate');
    END IF;

    SELECT * INTO run FROM monthend.runs r
     WHERE r.report = ask_report AND r.tenant = ask_tenant AND r.period = ask_period AND r.ended_at IS NULL
       FOR UPDATE;
    IF FOUND THEN
        -- A plain request joins and takes the run's outcome; a restatement waits, but for the run that it asks to retry.
        IF request.run_id IS NULL AND (NOT restate OR run.run_id = ask_retry) THEN
            UPDATE monthend.requests SET run_id = run.run_id WHERE request_id = ask_request;
            request.run_id := run.run_id;
        END IF;
        PERFORM FROM monthend.attempts a WHERE a.claim_id = ask_claim AND a.token = run.token AND a.ended_at IS NULL;
        IF FOUND THEN
            -- The answer was lost, the claim was not.
            UPDATE monthend.runs SET lease_until = now + ask_lease WHERE run_id = run.run_id RETURNING * INTO run;
            RETURN monthend.claimed(run);
        END IF;
        IF run.lease_until > now THEN
            answer.remaining := run.lease_until - now;
        END IF;
        IF answer.remaining IS NOT NULL OR request.run_id IS DISTINCT FROM run.run_id THEN
            UPDATE monthend.requests SET waits = waits + 1 WHERE request_id = ask_request;
            answer.kind := 'busy';
            answer.run_id := run.run_id;
            answer.waits := request.waits + 1;
            RETURN answer;
        END IF;
        IF run.cancel_asked_at IS NOT NULL THEN
            PERFORM monthend.finish(run.run_id, 'cancelled', 'cancelled before it was claimed again');
            answer.kind := 'settled';
            answer.run_id := run.run_id;
            answer.outcome := 'cancelled';
            RETURN answer;
        END IF;
        -- Open still means: never released. Its owner died, froze or was cut off.
        UPDATE monthend.attempts SET ended_at = now, crashed = true, error = 'the lease ran out'
         WHERE run_id = run.run_id AND ended_at IS NULL;
    ELSIF ask_retry <> '' THEN
        run := target;
    ELSE
        INSERT INTO monthend.runs (run_id, report, tenant, period, restate, reason, requested_by, attempt, token, created_at)
        VALUES (ask_claim, ask_report, ask_tenant, ask_period, restate, request.reason, request.requested_by, 0, 0, now)
        RETURNING * INTO run;
    END IF;

    -- A run keeps its version. Only where a later version was published since it ended, its own can never be current any
    -- more, and the retry takes another.
    UPDATE monthend.runs
       SET version = CASE WHEN version > coalesce((SELECT c.version FROM monthend.current c
                              WHERE c.report = ask_report AND c.tenant = ask_tenant AND c.period = ask_period), 0) THEN version END,
           attempt = attempt + 1, token = nextval('monthend.token'), owner = ask_owner, lease_until = now + ask_lease,
           trace_id = ask_trace, stage = '', progress = 0, records_extracted = 0, records_rejected = 0, started_at = now,
           cancel_asked_at = NULL, cancel_asked_by = '', outcome = NULL, error = '', ended_at = NULL
     WHERE run_id = run.run_id
    RETURNING * INTO run;
    INSERT INTO monthend.attempts (run_id, attempt, token, claim_id, owner, alone, trace_id, definition_digest, started_at)
    VALUES (run.run_id, run.attempt, run.token, ask_claim, ask_owner, ask_alone, ask_trace, ask_definition, now);
    UPDATE monthend.requests SET run_id = run.run_id WHERE request_id = ask_request AND run_id IS DISTINCT FROM run.run_id;
    RETURN monthend.claimed(run);
END $$;
-- +goose StatementEnd

UPDATE monthend.schema SET version = 4, min_worker = 4;
