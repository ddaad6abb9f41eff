CREATE SCHEMA IF NOT EXISTS finance;

CREATE TABLE finance.accounts (
    id     integer PRIMARY KEY,
    code   text    NOT NULL,
    name   text    NOT NULL,
    kind   text    NOT NULL CHECK (kind IN ('revenue', 'expense')),
    active boolean NOT NULL
);

-- As loose as ledgers that grew over the years are: nothing here keeps the dirt out, the report's rules find it.
CREATE TABLE finance.transactions (
    row_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id           bigint         NOT NULL, -- the document's number
    booked_at    timestamptz    NOT NULL,
    account_id   integer,
    category     text           NOT NULL,
    counterparty text,
    description  text,
    amount       numeric(18, 2),          -- revenue above, expense below zero
    currency     char(3)        NOT NULL
);
