-- How a run ends. Whoever decides about a key holds its lock until the transaction ends, and takes it before any row:
-- one order, so no deadlock, and every statement after it sees what the last decider committed.

-- +goose Up

-- +goose StatementBegin
CREATE FUNCTION monthend.lock_key(report text, tenant text, period text) RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(hashtextextended(concat_ws('/', 'monthend', report, tenant, period), 0));
$$;
-- +goose StatementEnd

-- held answers the run while the claim (token and owner) still holds it, else a row of NULLs. It takes the key's lock and
-- locks the run's row, so that no renewal slips in between. A lease that ran out but was taken by nobody still holds.
-- +goose StatementBegin
CREATE FUNCTION monthend.held(claim_run text, claim_token bigint, claim_owner text) RETURNS monthend.runs LANGUAGE plpgsql AS $$
DECLARE
    run monthend.runs;
BEGIN
    SELECT * INTO run FROM monthend.runs r WHERE r.run_id = claim_run;
    PERFORM monthend.lock_key(run.report, run.tenant, run.period);
    SELECT * INTO run FROM monthend.runs r
     WHERE r.run_id = claim_run AND r.token = claim_token AND r.owner = claim_owner AND r.ended_at IS NULL
       FOR UPDATE;
    RETURN run;
END $$;
-- +goose StatementEnd

-- finish ends a run, its open attempt and every request that still waits for it, all with one outcome. The caller holds
-- the key's lock and has fenced.
-- +goose StatementBegin
CREATE FUNCTION monthend.finish(ended_run text, ended_by text, why text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    now timestamptz := clock_timestamp();
BEGIN
    UPDATE monthend.runs
       SET outcome = ended_by, error = why, ended_at = now, owner = NULL, lease_until = NULL
     WHERE run_id = ended_run;
    UPDATE monthend.attempts
       SET outcome = ended_by, error = why, ended_at = now
     WHERE run_id = ended_run AND ended_at IS NULL;
    UPDATE monthend.requests
       SET outcome = ended_by, error = why, ended_at = now
     WHERE run_id = ended_run AND outcome IS NULL;
END $$;
-- +goose StatementEnd

-- end_run records an outcome without a version. Answers done or fenced; done again when the same claim repeats itself.
-- +goose StatementBegin
CREATE FUNCTION monthend.end_run(
    claim_run text, claim_token bigint, claim_owner text, ended_by text, why text, extracted bigint, rejected bigint
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    run monthend.runs := monthend.held(claim_run, claim_token, claim_owner);
BEGIN
    IF ended_by = 'published' THEN
        RAISE EXCEPTION 'ledger invariant: only publish ends a run as published' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF run.run_id IS NULL THEN
        PERFORM FROM monthend.runs r WHERE r.run_id = claim_run AND r.token = claim_token AND r.outcome = ended_by;
        RETURN CASE WHEN FOUND THEN 'done' ELSE 'fenced' END;
    END IF;
    UPDATE monthend.runs SET records_extracted = extracted, records_rejected = rejected WHERE run_id = claim_run;
    PERFORM monthend.finish(claim_run, ended_by, why);
    RETURN 'done';
END $$;
-- +goose StatementEnd

-- release ends the attempt and frees the lease; the run stays unended, for whoever claims it next.
-- +goose StatementBegin
CREATE FUNCTION monthend.release(claim_run text, claim_token bigint, claim_owner text, why text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    run monthend.runs := monthend.held(claim_run, claim_token, claim_owner);
BEGIN
    IF run.run_id IS NULL THEN
        PERFORM FROM monthend.runs r WHERE r.run_id = claim_run AND r.token = claim_token AND r.owner IS NULL AND r.ended_at IS NULL;
        RETURN CASE WHEN FOUND THEN 'done' ELSE 'fenced' END;
    END IF;
    UPDATE monthend.runs SET owner = NULL, lease_until = NULL, error = why WHERE run_id = claim_run;
    UPDATE monthend.attempts SET ended_at = clock_timestamp(), error = why WHERE run_id = claim_run AND ended_at IS NULL;
    RETURN 'done';
END $$;
-- +goose StatementEnd

-- cancel asks for the end of a run. A run that nobody holds ends at once; the holder of another learns it with its next
-- renewal, and its publish is refused. Answers asked, cancelled, ended or unknown.
-- +goose StatementBegin
CREATE FUNCTION monthend.cancel(asked_run text, asked_by text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    run monthend.runs;
BEGIN
    SELECT * INTO run FROM monthend.runs r WHERE r.run_id = asked_run;
    IF NOT FOUND THEN
        RETURN 'unknown';
    END IF;
    PERFORM monthend.lock_key(run.report, run.tenant, run.period);
    SELECT * INTO run FROM monthend.runs r WHERE r.run_id = asked_run FOR UPDATE;
    IF run.ended_at IS NOT NULL THEN
        RETURN 'ended';
    END IF;
    UPDATE monthend.runs SET cancel_asked_at = clock_timestamp(), cancel_asked_by = asked_by
     WHERE run_id = asked_run AND cancel_asked_at IS NULL;
    IF run.lease_until > clock_timestamp() THEN
        RETURN 'asked';
    END IF;
    PERFORM monthend.finish(asked_run, 'cancelled', 'cancelled before it was claimed again');
    RETURN 'cancelled';
END $$;
-- +goose StatementEnd

UPDATE monthend.schema SET version = 3, min_worker = 3;
