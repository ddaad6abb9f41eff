-- What a draft in words was decided to be, before it is drawn: whoever draws the same run over the same data again, after a crash
-- or on another machine, draws the same words. The first decision stands, whoever comes later.

-- +goose Up

CREATE TABLE monthend.commentaries (
    run_id      text COLLATE "C" NOT NULL,
    data_digest text COLLATE "C" NOT NULL CHECK (data_digest ~ '^[0-9a-f]{64}$'), -- of the data that bears it out
    paragraphs  text[] NOT NULL DEFAULT '{}',
    left_out    text NOT NULL DEFAULT '',  -- why there is none, in words; nothing was asked for where both are empty
    model       text NOT NULL DEFAULT '',
    tokens_used bigint NOT NULL DEFAULT 0,
    made_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (run_id, data_digest)
);

UPDATE monthend.schema SET version = 13; -- additive
