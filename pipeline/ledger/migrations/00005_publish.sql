-- How a version comes to be current.

-- +goose Up

-- allocate gives the run its version, once: one above the highest that the ledger and the store know, or the wanted one when a version
-- found whole in the store is adopted under its own number. NULL: fenced. A version that is not above all the ledger knows is
-- not adopted; the run then has none yet and 0 is answered.
-- +goose StatementBegin
CREATE FUNCTION monthend.allocate(claim_run text, claim_token bigint, claim_owner text, store_highest integer, wanted integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    run     monthend.runs := monthend.held(claim_run, claim_token, claim_owner);
    highest integer;
BEGIN
    IF run.run_id IS NULL OR run.version IS NOT NULL THEN
        RETURN run.version;
    END IF;
    -- A version is published only by a run that holds its number, so the runs know every number there is.
    SELECT coalesce(max(r.version), 0) INTO highest
      FROM monthend.runs r WHERE r.report = run.report AND r.tenant = run.tenant AND r.period = run.period;
    IF wanted IS NULL THEN
        wanted := greatest(highest, store_highest) + 1;
    ELSIF wanted <= highest THEN
        RETURN 0;
    END IF;
    UPDATE monthend.runs SET version = wanted WHERE run_id = claim_run;
    RETURN wanted;
END $$;
-- +goose StatementEnd

-- publish makes the run's version current and ends the run, its attempt and its requests as published, all or nothing.
-- Answers done, fenced, or cancelled when somebody asked for the run's end first; done again when the same claim repeats
-- itself.
-- +goose StatementBegin
CREATE FUNCTION monthend.publish(
    claim_run text, claim_token bigint, claim_owner text, published integer, content text, data text, published_at_path text,
    published_manifest jsonb, extracted bigint, rejected bigint
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    run      monthend.runs := monthend.held(claim_run, claim_token, claim_owner);
    replaced text;
BEGIN
    IF run.run_id IS NULL THEN
        PERFORM FROM monthend.runs r JOIN monthend.versions v USING (run_id)
          WHERE r.run_id = claim_run AND r.token = claim_token AND r.outcome = 'published'
            AND v.version = published AND v.content_digest = content;
        RETURN CASE WHEN FOUND THEN 'done' ELSE 'fenced' END;
    END IF;
    IF run.cancel_asked_at IS NOT NULL THEN
        RETURN 'cancelled';
    END IF;
    IF run.version IS DISTINCT FROM published THEN
        RAISE EXCEPTION 'ledger invariant: run % holds version %, not %', claim_run, run.version, published
              USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    SELECT v.content_digest INTO replaced
      FROM monthend.current c JOIN monthend.versions v USING (report, tenant, period, version)
     WHERE c.report = run.report AND c.tenant = run.tenant AND c.period = run.period;

    INSERT INTO monthend.versions (report, tenant, period, version, run_id, content_digest, data_digest, path, manifest, reason, previous, published_at)
    VALUES (run.report, run.tenant, run.period, published, claim_run, content, data, published_at_path, published_manifest, run.reason,
            replaced, clock_timestamp());
    INSERT INTO monthend.current (report, tenant, period, version) VALUES (run.report, run.tenant, run.period, published)
        ON CONFLICT (report, tenant, period) DO UPDATE SET version = excluded.version;
    UPDATE monthend.runs SET records_extracted = extracted, records_rejected = rejected WHERE run_id = claim_run;
    PERFORM monthend.finish(claim_run, 'published', '');
    RETURN 'done';
END $$;
-- +goose StatementEnd

UPDATE monthend.schema SET version = 5, min_worker = 5;
