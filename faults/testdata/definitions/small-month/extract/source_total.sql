SELECT
    count(*)::bigint                          AS row_count,
    coalesce(sum(e.amount), 0)::numeric(38,2) AS amount
FROM books.entries AS e
WHERE e.booked_at >= @period_start
  AND e.booked_at < @period_end
