-- The books that the small reports read: 200 entries a month in 2024, two of them without an amount.
CREATE SCHEMA books;

CREATE TABLE books.accounts (
    id   integer PRIMARY KEY,
    name text NOT NULL
);
INSERT INTO books.accounts VALUES (1, 'Sales'), (2, 'Services'), (3, 'Rent'), (4, 'Wages');

CREATE TABLE books.entries (
    id         bigint PRIMARY KEY,
    booked_at  timestamptz NOT NULL,
    account_id integer NOT NULL,
    amount     numeric(18, 2)
);
INSERT INTO books.entries
SELECT month * 1000 + n,
       make_timestamptz(2024, month, 1 + n % 28, n % 24, n % 60, 0, 'UTC'),
       1 + n % 4,
       CASE WHEN n % 100 = 0 THEN NULL ELSE ((month * 7919 + n * 104729) % 1000000)::numeric / 100 - 4000 END
  FROM generate_series(1, 12) AS month, generate_series(1, 200) AS n;

-- How long a stage takes: the cost of a stage grows with the square of its rows. A test that wants to meet a run in this
-- stage raises it, and puts it back to 1 before the run that is published.
CREATE TABLE books.pace (
    stage text PRIMARY KEY,
    rows  integer NOT NULL
);
INSERT INTO books.pace VALUES ('validate', 1), ('generate', 1);

-- Up to when everything is there: what a replica is told by its primary, or a warehouse by its loader.
CREATE TABLE books.watermark (up_to timestamptz NOT NULL);
INSERT INTO books.watermark VALUES ('2025-01-01T00:00:00Z');

-- Whose reports there are; each test has its own.
CREATE TABLE books.tenants (
    name   text PRIMARY KEY,
    amount numeric(18, 2)
);
