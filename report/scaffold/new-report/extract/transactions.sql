-- One row a booking of the month. Casts make sure of the types, whatever becomes of the table.
SELECT
    t.id::bigint            AS id,
    t.booked_at             AS booked_at,
    t.account_id::integer   AS account_id,
    t.counterparty::text    AS counterparty,
    t.amount::numeric(18,2) AS amount
FROM finance.transactions AS t
WHERE t.booked_at >= @period_start
  AND t.booked_at < @period_end
