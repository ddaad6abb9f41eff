-- The sleep makes the middle of a run long enough to be hit: 1,000 rows of 2 ms.
SELECT e.id, e.booked_at, e.category, e.amount
FROM bench.entries AS e, LATERAL pg_sleep(0.002 + 0 * e.id) AS slept
WHERE e.booked_at >= @period_start
  AND e.booked_at < @period_end
