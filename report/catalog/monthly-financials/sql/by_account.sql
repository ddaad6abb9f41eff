SELECT
    a.code        AS code,
    a.name        AS name,
    a.kind        AS kind,
    count(*)      AS transactions,
    sum(t.amount) AS net
FROM transactions AS t
JOIN accounts AS a ON a.id = t.account_id
GROUP BY a.id, a.code, a.name, a.kind
ORDER BY code, a.id
