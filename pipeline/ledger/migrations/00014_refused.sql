-- A request that is refused has no run that could tell of it. Where it names a report and a month, that is noted as well: a
-- schedule asks and nobody looks, and of a report with tenants the one asking stands for all of them.

-- +goose Up

ALTER TABLE monthend.conditions ADD COLUMN request_id text COLLATE "C" NOT NULL DEFAULT ''; -- of a request that led to no run

-- The parent of tenants that ended badly was not refused: each of them has a run, or a request, that tells.
-- +goose StatementBegin
CREATE FUNCTION monthend.note_refusal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.report !~ '^[a-z0-9][a-z0-9-]{0,47}$' OR NEW.period !~ '^[0-9]{4}-(0[1-9]|1[0-2])$'
       OR EXISTS (SELECT FROM monthend.fanouts f WHERE f.request_id = NEW.request_id) THEN
        RETURN NULL;
    END IF;
    INSERT INTO monthend.conditions (condition, kind, report, tenant, period, request_id, why, noted_at, next_at)
    VALUES ('failed/' || NEW.request_id, 'failed', NEW.report, NEW.tenant, NEW.period, NEW.request_id, NEW.error, NEW.ended_at, NEW.ended_at)
        ON CONFLICT (condition) DO NOTHING;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER refusal_noted AFTER UPDATE OF outcome ON monthend.requests FOR EACH ROW
    WHEN (OLD.outcome IS NULL AND NEW.outcome = 'failed' AND NEW.run_id IS NULL) EXECUTE FUNCTION monthend.note_refusal();
CREATE TRIGGER refusal_noted_at_once AFTER INSERT ON monthend.requests FOR EACH ROW
    WHEN (NEW.outcome = 'failed' AND NEW.run_id IS NULL) EXECUTE FUNCTION monthend.note_refusal();

UPDATE monthend.schema SET version = 14; -- additive
