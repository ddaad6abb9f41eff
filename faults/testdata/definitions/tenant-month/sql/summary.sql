SELECT coalesce(sum(b.amount), 0.00) AS total
FROM balance AS b
ORDER BY total
