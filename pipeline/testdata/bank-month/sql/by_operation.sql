SELECT type, operation, count(*) AS transactions, sum(amount)::DECIMAL(18, 2) AS amount
FROM trans
GROUP BY type, operation
ORDER BY type, operation
