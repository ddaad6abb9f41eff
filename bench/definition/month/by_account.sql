SELECT a.id, a.name, t.currency, count(*) AS transactions, sum(t.amount) AS amount
FROM transactions AS t
JOIN accounts AS a ON a.id = t.account_id
GROUP BY a.id, a.name, t.currency
ORDER BY a.id, t.currency
