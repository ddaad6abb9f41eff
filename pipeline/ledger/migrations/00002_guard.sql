-- What no constraint on one row can say: what was once written stays. The guards refuse, whoever asks.

-- +goose Up

-- +goose StatementBegin
CREATE FUNCTION monthend.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ledger invariant: %', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$;
-- +goose StatementEnd

CREATE TRIGGER outcome_stays BEFORE UPDATE ON monthend.requests FOR EACH ROW
    WHEN (OLD.outcome IS NOT NULL AND (NEW.outcome IS DISTINCT FROM OLD.outcome OR NEW.run_id IS DISTINCT FROM OLD.run_id))
    EXECUTE FUNCTION monthend.refuse_change('a request keeps its outcome');

CREATE TRIGGER token_grows BEFORE UPDATE ON monthend.runs FOR EACH ROW
    WHEN (NEW.token < OLD.token)
    EXECUTE FUNCTION monthend.refuse_change('a fencing token only grows');

-- A run that ended, was overtaken by a later version and is attempted again takes a new one.
CREATE TRIGGER version_stays BEFORE UPDATE ON monthend.runs FOR EACH ROW
    WHEN (OLD.version IS NOT NULL AND NEW.version IS DISTINCT FROM OLD.version AND (OLD.outcome IS NULL OR NEW.outcome IS NOT NULL))
    EXECUTE FUNCTION monthend.refuse_change('a run keeps its version');

-- Only a run without a version to show may be attempted again.
CREATE TRIGGER published_stays BEFORE UPDATE ON monthend.runs FOR EACH ROW
    WHEN (OLD.outcome IN ('published', 'unchanged') AND NEW.outcome IS DISTINCT FROM OLD.outcome)
    EXECUTE FUNCTION monthend.refuse_change('a run that was done stays done');

CREATE TRIGGER versions_stay BEFORE UPDATE ON monthend.versions FOR EACH ROW
    EXECUTE FUNCTION monthend.refuse_change('a published version is never changed');

CREATE TRIGGER current_grows BEFORE UPDATE ON monthend.current FOR EACH ROW
    WHEN (NEW.version <= OLD.version)
    EXECUTE FUNCTION monthend.refuse_change('the current version only grows');

CREATE TRIGGER current_stays BEFORE DELETE ON monthend.current FOR EACH ROW
    EXECUTE FUNCTION monthend.refuse_change('a published key keeps a current version');

UPDATE monthend.schema SET version = 2, min_worker = 2;
