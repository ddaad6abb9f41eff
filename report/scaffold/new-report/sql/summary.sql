-- One row, for the figures at the top.
SELECT
    coalesce(sum(t.amount), 0.00) AS net,
    count(*)                      AS transactions
FROM transactions AS t
ORDER BY net
