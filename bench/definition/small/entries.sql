SELECT e.id, e.booked_at, e.category, e.amount
FROM bench.entries AS e
WHERE e.booked_at >= @period_start
  AND e.booked_at < @period_end
