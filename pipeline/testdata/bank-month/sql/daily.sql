SELECT
    date AS day,
    sum(CASE WHEN type = 'PRIJEM' THEN amount ELSE -amount END)::DECIMAL(18, 2) AS net,
    count(*) AS transactions
FROM trans
GROUP BY day
ORDER BY day
