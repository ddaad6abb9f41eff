-- What the source itself counts and sums, in the snapshot of the extraction: the other side of the two control rules.
SELECT
    count(*)::bigint                            AS row_count,
    coalesce(sum(t.amount), 0)::numeric(38,2)   AS amount
FROM finance.transactions AS t
WHERE t.booked_at >= @period_start
  AND t.booked_at < @period_end
