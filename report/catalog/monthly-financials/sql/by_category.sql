SELECT
    t.category                                                      AS category,
    count(*)                                                        AS transactions,
    coalesce(sum(t.amount) FILTER (WHERE a.kind = 'revenue'), 0.00) AS revenue,
    coalesce(sum(t.amount) FILTER (WHERE a.kind = 'expense'), 0.00) AS expenses,
    sum(t.amount)                                                   AS net
FROM transactions AS t
JOIN accounts AS a ON a.id = t.account_id
GROUP BY t.category
ORDER BY net DESC, category
