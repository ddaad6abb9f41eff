SELECT t.booked_at::DATE AS day, t.currency, count(*) AS transactions, sum(t.amount) AS amount
FROM transactions AS t
GROUP BY day, t.currency
ORDER BY day, t.currency
