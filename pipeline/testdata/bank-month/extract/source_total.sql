SELECT count(*) AS transactions, coalesce(sum(amount), 0)::numeric(18,2) AS amount
FROM bank.trans
WHERE date >= @period_first AND date < @period_next
