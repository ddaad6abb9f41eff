-- Who may ask over HTTP, and what was answered to whom: a service that asks again because it never read the answer must
-- get that answer, not a second request.

-- +goose Up

-- The secret is shown once, when it is made; here is only its hash. Rows stay when they are revoked: what was asked in a
-- token's name must stay told apart from what another of that name asks later.
CREATE TABLE monthend.tokens (
    token_id     text COLLATE "C" PRIMARY KEY,
    name         text COLLATE "C" NOT NULL CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$'),
    hash         bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32), -- sha256 of the secret
    scopes       text[] COLLATE "C" NOT NULL CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['read', 'trigger', 'admin']),
    reports      text[] COLLATE "C" NOT NULL DEFAULT '{}',     -- the only ones it may see and ask for; none: all
    tenants      text[] COLLATE "C" NOT NULL DEFAULT '{}',     -- the same
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by   text NOT NULL DEFAULT '',
    expires_at   timestamptz,                                   -- NULL: never
    revoked_at   timestamptz,
    revoked_by   text NOT NULL DEFAULT '',
    last_used_at timestamptz                                    -- to the minute
);
CREATE UNIQUE INDEX one_live_token_a_name ON monthend.tokens (name) WHERE revoked_at IS NULL;

-- use_token finds the token of a secret's hash, if it may still be used, and notes that it was. The note is a minute coarse:
-- a token in use must not cost a write for each request.
-- +goose StatementBegin
CREATE FUNCTION monthend.use_token(secret_hash bytea) RETURNS SETOF monthend.tokens LANGUAGE plpgsql AS $$
DECLARE
    used monthend.tokens;
BEGIN
    SELECT * INTO used FROM monthend.tokens t
     WHERE t.hash = secret_hash AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > clock_timestamp());
    IF used.token_id IS NULL THEN
        RETURN;
    END IF;
    IF used.last_used_at IS NULL OR used.last_used_at < clock_timestamp() - interval '1 minute' THEN
        -- Where another request is noting the same, this one does not wait for it.
        PERFORM FROM monthend.tokens t WHERE t.token_id = used.token_id FOR NO KEY UPDATE SKIP LOCKED;
        IF FOUND THEN
            UPDATE monthend.tokens t SET last_used_at = date_trunc('minute', clock_timestamp()) WHERE t.token_id = used.token_id;
        END IF;
    END IF;
    RETURN NEXT used;
END $$;
-- +goose StatementEnd

-- What was answered under an Idempotency-Key. A key is its token's own.
CREATE TABLE monthend.idempotency (
    token_id    text COLLATE "C" NOT NULL,                      -- '' where no token is asked for
    key         text COLLATE "C" NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32), -- sha256 of what was asked
    status      integer NOT NULL,
    location    text NOT NULL,
    answer      text NOT NULL,                                  -- the body, byte for byte
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (token_id, key)
);
CREATE INDEX idempotency_oldest ON monthend.idempotency (created_at);

CREATE TYPE monthend.once AS (
    kind     text, -- new: this asking counts; again: it was asked before, and this was answered; other: the key stands for another asking
    status   integer,
    location text,
    answer   text
);

-- ask_once posts a request and keeps what is answered to it, both or neither. Under a key that was used before it posts
-- nothing. Two askings under one key at one moment meet at the primary key: the second waits, then finds the first's answer.
-- An empty key asks each time anew; an empty body posts nothing, for an asking that is answered by what there is.
-- +goose StatementBegin
CREATE FUNCTION monthend.ask_once(
    asker text, asked_key text, asked_print bytea, said_status integer, said_location text, said_answer text,
    ask_request text, ask_report text, ask_tenant text, ask_period text, ask_body text, ask_trace text
) RETURNS monthend.once LANGUAGE plpgsql AS $$
DECLARE
    told   monthend.once;
    before monthend.idempotency;
BEGIN
    IF asked_key <> '' THEN
        LOOP
            INSERT INTO monthend.idempotency (token_id, key, fingerprint, status, location, answer)
            VALUES (asker, asked_key, asked_print, said_status, said_location, said_answer)
                ON CONFLICT (token_id, key) DO NOTHING;
            EXIT WHEN FOUND;
            SELECT * INTO before FROM monthend.idempotency i WHERE i.token_id = asker AND i.key = asked_key;
            CONTINUE WHEN before.key IS NULL; -- pruned between the two statements
            told.kind := CASE WHEN before.fingerprint = asked_print THEN 'again' ELSE 'other' END;
            told.status := before.status;
            told.location := before.location;
            told.answer := before.answer;
            RETURN told;
        END LOOP;
    END IF;
    IF ask_body <> '' THEN
        INSERT INTO monthend.outbox (request_id, report, tenant, period, body, trace_header, created_at)
        VALUES (ask_request, ask_report, ask_tenant, ask_period, ask_body, ask_trace, clock_timestamp())
            ON CONFLICT (request_id) DO NOTHING;
    END IF;
    told.kind := 'new';
    told.status := said_status;
    told.location := said_location;
    told.answer := said_answer;
    RETURN told;
END $$;
-- +goose StatementEnd

UPDATE monthend.schema SET version = 11; -- additive
