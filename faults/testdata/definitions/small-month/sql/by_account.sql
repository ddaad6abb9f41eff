SELECT
    a.name        AS name,
    count(*)      AS entries,
    sum(e.amount) AS total
FROM entries AS e
JOIN accounts AS a ON a.id = e.account_id
GROUP BY a.id, a.name
ORDER BY name, a.id
