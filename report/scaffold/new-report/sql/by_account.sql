-- transactions holds the rows that passed; transactions_extracted all of them, transactions_quarantine the rejected ones.
SELECT
    a.name        AS account,
    count(*)      AS transactions,
    sum(t.amount) AS net
FROM transactions AS t
JOIN accounts AS a ON a.id = t.account_id
GROUP BY a.id, a.name
ORDER BY net DESC, account
