SELECT
    coalesce(sum(t.amount) FILTER (WHERE a.kind = 'revenue'), 0.00) AS revenue,
    coalesce(sum(t.amount) FILTER (WHERE a.kind = 'expense'), 0.00) AS expenses,
    coalesce(sum(t.amount), 0.00)                                   AS net,
    count(*)                                                        AS transactions,
    (SELECT count(*) FROM transactions_quarantine)                  AS rejected
FROM transactions AS t
JOIN accounts AS a ON a.id = t.account_id
ORDER BY net
