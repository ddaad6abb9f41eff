SELECT t.category, t.currency, count(*) AS transactions, sum(t.amount) AS amount
FROM transactions AS t
GROUP BY t.category, t.currency
ORDER BY t.category, t.currency
