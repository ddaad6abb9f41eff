SELECT t.counterparty, t.currency, count(*) AS transactions, sum(abs(t.amount)) AS turnover
FROM transactions AS t
GROUP BY t.counterparty, t.currency
ORDER BY turnover DESC, t.counterparty, t.currency
LIMIT 50
