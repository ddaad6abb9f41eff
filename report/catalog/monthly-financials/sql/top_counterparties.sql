-- The ten with the largest turnover, money in and out taken together.
SELECT
    coalesce(nullif(trim(t.counterparty), ''), '(not named)') AS counterparty,
    count(*)                                                  AS transactions,
    sum(abs(t.amount))                                        AS turnover,
    sum(t.amount)                                             AS net
FROM transactions AS t
GROUP BY 1
ORDER BY turnover DESC, counterparty
LIMIT 10
