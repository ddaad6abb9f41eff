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

-- The bank's side: what it states about each account and month, and its lines as they came.
CREATE TABLE finance.bank_accounts (
    id     integer PRIMARY KEY,
    number text    NOT NULL, -- as Czech banks write it
    name   text    NOT NULL
);

CREATE TABLE finance.bank_statements (
    account_id integer        NOT NULL REFERENCES finance.bank_accounts (id),
    month      date           NOT NULL, -- its first day
    opening    numeric(18, 2) NOT NULL,
    closing    numeric(18, 2) NOT NULL,
    PRIMARY KEY (account_id, month)
);

CREATE TABLE finance.bank_lines (
    id           bigint         NOT NULL PRIMARY KEY,
    account_id   integer        NOT NULL,
    booked_on    date           NOT NULL,
    reference    text,                    -- the payment's variable symbol; the bank's own charges have none
    counterparty text,
    amount       numeric(18, 2) NOT NULL  -- in above, out below zero
);

-- Our side: what the cash book says was paid. Nothing keeps it in step with the bank but people.
CREATE TABLE finance.cash_lines (
    row_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id           bigint NOT NULL, -- the document's number
    account_id   integer,
    booked_on    date   NOT NULL,
    reference    text,
    amount       numeric(18, 2)
);
