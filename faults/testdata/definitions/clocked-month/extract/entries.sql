SELECT
    e.id::bigint            AS id,
    e.booked_at             AS booked_at,
    e.amount::numeric(18,2) AS amount
FROM books.entries AS e
WHERE e.booked_at >= @period_start
  AND e.booked_at < @period_end
