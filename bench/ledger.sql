-- The table that the month is measured on: $1 rows over the twelve months of 2026, 8.5 of 100 of them in March, in the
-- order in which they were booked. Everything comes from hashes of the row's number, so it is the same table each time.
-- About 155 bytes a row on the wire. 2 of 100 have no account that is there, 1.5 no amount, 1 an amount of zero, 1 an unknown
-- currency, and in 5,001 rows there are two of one id.
CREATE SCHEMA bench;

CREATE TABLE bench.accounts AS
SELECT n::int AS id, 'Account ' || n AS name, CASE WHEN n % 3 = 0 THEN 'revenue' ELSE 'expense' END AS kind
FROM generate_series(1, 5000) AS n;

CREATE TABLE bench.transactions (
    id bigint NOT NULL, booked_at timestamptz NOT NULL, account_id int, category text NOT NULL, region text NOT NULL,
    method text NOT NULL, counterparty text NOT NULL, description text, amount numeric(18,2), currency char(3) NOT NULL
);

INSERT INTO bench.transactions
SELECT
    CASE WHEN n % 5001 = 0 THEN n - 1 ELSE n END,
    month + (place::numeric / rows)::float8 * (month + interval '1 month' - month),
    CASE WHEN h1 % 50 = 0 THEN 9000 ELSE 1 + h1 % 5000 END,
    'category ' || h2 % 40,
    (ARRAY['Praha', 'Brno', 'Ostrava', 'Plzeň', 'Liberec', 'Olomouc', 'Zlín', 'Jihlava'])[1 + h3 % 8],
    (ARRAY['card', 'transfer', 'direct debit', 'cash'])[1 + h2 % 4],
    CASE WHEN h3 % 1000 = 0 THEN '' ELSE 'Counterparty ' || h3 % 20000 END,
    CASE WHEN h1 % 10 <> 1 THEN 'Payment ' || n || rpad(' for goods and services', 52 - length(n::text), ' as agreed') END,
    CASE WHEN h2 % 200 < 3 THEN NULL WHEN h2 % 200 < 5 THEN 0 ELSE (h1 % 20000000 - 8000000)::numeric / 100 END,
    CASE WHEN h3 % 100 = 0 THEN 'XXX' WHEN h3 % 100 < 15 THEN 'EUR' WHEN h3 % 100 < 25 THEN 'USD' ELSE 'CZK' END
FROM (
    SELECT make_timestamptz(2026, m, 1, 0, 0, 0, 'UTC') AS month,
           CASE m WHEN 3 THEN march WHEN 12 THEN total - march - 10 * ((total - march) / 11) ELSE (total - march) / 11 END AS rows,
           CASE WHEN m > 3 THEN march + (m - 2) * ((total - march) / 11) ELSE (m - 1) * ((total - march) / 11) END AS before
    FROM generate_series(1, 12) AS m, (SELECT $1::bigint AS total, ($1::bigint * 85) / 1000 AS march) AS size
) AS months,
LATERAL generate_series(0, rows - 1) AS place,
LATERAL (SELECT before + place + 1) AS numbered(n),
LATERAL (SELECT hashint8extended(n, 1) >> 1 & 2147483647, hashint8extended(n, 2) >> 1 & 2147483647,
                hashint8extended(n, 3) >> 1 & 2147483647) AS hashes(h1, h2, h3);

CREATE INDEX ON bench.transactions (booked_at);
