-- The tenant stands in every row, so that two tenants have different data.
SELECT
    e.id::bigint            AS id,
    e.booked_at             AS booked_at,
    e.account_id::integer   AS account_id,
    e.amount::numeric(18,2) AS amount,
    @tenant::text           AS tenant
FROM books.entries AS e
WHERE e.booked_at >= @period_start
  AND e.booked_at < @period_end
