-- What schedules have asked for: each period once, however many schedulers look at the same clock.

-- +goose Up

-- A schedule of another rhythm (month, quarter, fiscal year) asks for other periods, so it counts as one that was never seen:
-- nothing is asked for that was due before somebody had said so.
CREATE TABLE monthend.schedules (
    schedule      text COLLATE "C" NOT NULL CHECK (schedule <> ''), -- REPORT, or REPORT/NAME where a report has several
    rhythm        text COLLATE "C" NOT NULL CHECK (rhythm <> ''),
    report        monthend.report_name NOT NULL,
    first_seen_at timestamptz NOT NULL,
    PRIMARY KEY (schedule, rhythm)
);

-- The row is written together with the message that asks, so there is one of both or none.
CREATE TABLE monthend.firings (
    schedule   text COLLATE "C" NOT NULL,
    period     monthend.period NOT NULL,
    report     monthend.report_name NOT NULL,
    due_at     timestamptz NOT NULL,
    fired_at   timestamptz NOT NULL,
    request_id text COLLATE "C" UNIQUE,                            -- NULL: found too late, and not asked for
    PRIMARY KEY (schedule, period),
    CONSTRAINT never_early CHECK (fired_at >= due_at)
);

-- meet is since when a schedule of this rhythm is known.
-- +goose StatementBegin
CREATE FUNCTION monthend.meet(met text, met_rhythm text, met_report text) RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE
    since timestamptz;
BEGIN
    INSERT INTO monthend.schedules (schedule, rhythm, report, first_seen_at)
    VALUES (met, met_rhythm, met_report, clock_timestamp()) ON CONFLICT DO NOTHING;
    SELECT s.first_seen_at INTO since FROM monthend.schedules s WHERE s.schedule = met AND s.rhythm = met_rhythm;
    RETURN since;
END $$;
-- +goose StatementEnd

-- fire asks for one period of a schedule, once. Answers fired; again when the period has its row, whoever wrote it; early, by
-- the clock of this database; unseen when it was due before the schedule was known; missed when it was due longer ago than
-- the window, which is recorded and asks for nothing.
-- +goose StatementBegin
CREATE FUNCTION monthend.fire(
    fired text, fired_rhythm text, fired_report text, fired_period text, due timestamptz, catch_up interval,
    request text, message text, header text
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    now  timestamptz := clock_timestamp();
    late boolean := due < now - catch_up;
BEGIN
    IF due > now THEN
        RETURN 'early';
    END IF;
    PERFORM FROM monthend.schedules s WHERE s.schedule = fired AND s.rhythm = fired_rhythm AND s.first_seen_at < due;
    IF NOT FOUND THEN
        RETURN 'unseen';
    END IF;
    -- Another scheduler that fires at this very moment is waited for here, and found.
    INSERT INTO monthend.firings (schedule, period, report, due_at, fired_at, request_id)
    VALUES (fired, fired_period, fired_report, due, now, CASE WHEN NOT late THEN request END)
        ON CONFLICT (schedule, period) DO NOTHING;
    IF NOT FOUND THEN
        -- The answer was lost, the firing was not: nobody else began this trace.
        PERFORM FROM monthend.outbox o WHERE o.request_id = request AND o.trace_header = header AND header <> '';
        RETURN CASE WHEN FOUND THEN 'fired' ELSE 'again' END;
    END IF;
    IF late THEN
        RETURN 'missed';
    END IF;
    INSERT INTO monthend.outbox (request_id, report, period, body, trace_header, created_at, due_at)
    VALUES (request, fired_report, fired_period, message, header, now, now) ON CONFLICT (request_id) DO NOTHING;
    RETURN 'fired';
END $$;
-- +goose StatementEnd

-- fanned reports whether a report was asked for all its tenants and how that stands. Askings of that kind are few.
-- +goose StatementBegin
CREATE FUNCTION monthend.fanned(of_report text, of_period text, stands text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM monthend.fanouts f JOIN monthend.requests r USING (request_id)
                    WHERE f.state = stands AND r.report = of_report AND r.period = of_period);
$$;
-- +goose StatementEnd

-- answered is what there is of a key without asking anew: published, running, asked (on its way to a run), or missing. An
-- asking for all tenants is published when each of them is.
-- +goose StatementBegin
CREATE FUNCTION monthend.answered(of_report text, of_tenant text, of_period text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN EXISTS (SELECT FROM monthend.current c WHERE c.report = of_report AND c.tenant = of_tenant AND c.period = of_period)
          OR of_tenant = '' AND monthend.fanned(of_report, of_period, 'done')
            THEN 'published'
        WHEN EXISTS (SELECT FROM monthend.runs r
                      WHERE r.report = of_report AND r.tenant = of_tenant AND r.period = of_period AND r.ended_at IS NULL)
          OR of_tenant = '' AND monthend.fanned(of_report, of_period, 'open')
            THEN 'running'
        WHEN EXISTS (SELECT FROM monthend.outbox o
                      WHERE o.report = of_report AND o.tenant = of_tenant AND o.period = of_period AND o.done_at IS NULL)
            THEN 'asked'
        ELSE 'missing'
    END;
$$;
-- +goose StatementEnd

-- backfill asks for a month that nobody has published, runs or has asked for. Answers posted, or what there is of it; unended
-- for a month that goes on at least until then.
-- +goose StatementBegin
CREATE FUNCTION monthend.backfill(
    of_report text, of_tenant text, of_period text, ends timestamptz, request text, message text, header text
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    there text;
    now   timestamptz;
BEGIN
    PERFORM monthend.lock_key(of_report, of_tenant, of_period);
    now := clock_timestamp();
    IF ends > now THEN
        RETURN 'unended';
    END IF;
    PERFORM FROM monthend.outbox o WHERE o.request_id = request;
    IF FOUND THEN
        RETURN 'posted'; -- the answer was lost, the posting was not
    END IF;
    there := monthend.answered(of_report, of_tenant, of_period);
    IF there = 'missing' THEN
        INSERT INTO monthend.outbox (request_id, report, tenant, period, body, trace_header, created_at, due_at)
        VALUES (request, of_report, of_tenant, of_period, message, header, now, now);
        RETURN 'posted';
    END IF;
    RETURN there;
END $$;
-- +goose StatementEnd

UPDATE monthend.schema SET version = 9; -- additive
