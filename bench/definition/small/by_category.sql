SELECT category, count(*) AS entries, sum(amount) AS amount
FROM entries
GROUP BY category
ORDER BY category
