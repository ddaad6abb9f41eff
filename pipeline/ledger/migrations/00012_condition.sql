-- What went wrong and may have to be told to somebody, each thing once. Here it is only written down: who is told, a definition
-- says, and what is to be told then is a delivery.

-- +goose Up

CREATE TABLE monthend.conditions (
    condition         text COLLATE "C" PRIMARY KEY CHECK (condition <> ''), -- the kind, and what it happened to: failed/RUN, missed/SCHEDULE/PERIOD
    kind              text COLLATE "C" NOT NULL CHECK (kind IN ('data_failed', 'failed', 'slow', 'missed', 'overdue')),
    report            text COLLATE "C" NOT NULL,
    tenant            text COLLATE "C" NOT NULL DEFAULT '',
    period            text COLLATE "C" NOT NULL,
    run_id            text COLLATE "C" NOT NULL DEFAULT '',   -- '' of what is missing
    attempt           integer NOT NULL DEFAULT 0,
    trace_id          text NOT NULL DEFAULT '',
    why               text NOT NULL DEFAULT '',               -- in words
    records_extracted bigint NOT NULL DEFAULT 0,
    records_rejected  bigint NOT NULL DEFAULT 0,
    due_at            timestamptz,                            -- of what is missing
    noted_at          timestamptz NOT NULL,
    next_at           timestamptz NOT NULL,                   -- of the next look who is to be told
    told_at           timestamptz,                            -- its deliveries are written, or there is nobody to tell
    recipients        integer NOT NULL DEFAULT 0
);
CREATE INDEX conditions_due ON monthend.conditions (next_at, condition) WHERE told_at IS NULL;
CREATE INDEX conditions_of_a_run ON monthend.conditions (run_id) WHERE run_id <> '';

-- The end of a run is written down with it, whoever ends it and by whichever door: no worker has to live on to tell. A run that is
-- attempted again and ends in the same way is not told again.
-- +goose StatementBegin
CREATE FUNCTION monthend.note_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO monthend.conditions (condition, kind, report, tenant, period, run_id, attempt, trace_id, why,
                                     records_extracted, records_rejected, noted_at, next_at)
    VALUES (NEW.outcome || '/' || NEW.run_id, NEW.outcome, NEW.report, NEW.tenant, NEW.period, NEW.run_id, NEW.attempt, NEW.trace_id, NEW.error,
            NEW.records_extracted, NEW.records_rejected, NEW.ended_at, NEW.ended_at)
        ON CONFLICT (condition) DO NOTHING;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER end_noted AFTER UPDATE OF outcome ON monthend.runs FOR EACH ROW
    WHEN (OLD.outcome IS NULL AND NEW.outcome IN ('data_failed', 'failed')) EXECUTE FUNCTION monthend.note_end();

-- What is counted for the metrics of deliveries is few, and is found without going through all there ever were.
CREATE INDEX deliveries_open ON monthend.deliveries (state, ended_at) WHERE state IN ('held', 'waiting', 'failed');

UPDATE monthend.schema SET version = 12; -- additive
