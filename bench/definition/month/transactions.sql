SELECT t.id, t.booked_at, t.account_id, t.category, t.region, t.method, t.counterparty, t.description, t.amount, t.currency
FROM bench.transactions AS t
WHERE t.booked_at >= @period_start
  AND t.booked_at < @period_end
