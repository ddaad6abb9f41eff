SELECT t.region, a.kind, t.currency, count(*) AS transactions, sum(t.amount) AS amount
FROM transactions AS t
JOIN accounts AS a ON a.id = t.account_id
GROUP BY t.region, a.kind, t.currency
ORDER BY t.region, a.kind, t.currency
