SELECT
    t.row_id::bigint        AS row_id,
    t.id::bigint            AS id,
    t.booked_at             AS booked_at,
    t.account_id::integer   AS account_id,
    t.category::text        AS category,
    t.counterparty::text    AS counterparty,
    t.description::text     AS description,
    t.amount::numeric(18,2) AS amount,
    t.currency::text        AS currency
FROM finance.transactions AS t
WHERE t.booked_at >= @period_start
  AND t.booked_at < @period_end
