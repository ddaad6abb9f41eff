WITH bank AS (
    SELECT account_id, sum(amount) AS amount
    FROM bank_lines
    GROUP BY account_id
),
cash AS (
    SELECT account_id, sum(amount) AS amount
    FROM cash_lines
    GROUP BY account_id
)
SELECT
    a.number                                             AS number,
    a.name                                               AS name,
    s.opening                                            AS opening,
    coalesce(b.amount, 0.00)                             AS bank,
    s.closing                                            AS closing,
    coalesce(c.amount, 0.00)                             AS cash,
    coalesce(b.amount, 0.00) - coalesce(c.amount, 0.00)  AS difference
FROM bank_accounts AS a
LEFT JOIN statements AS s ON s.account_id = a.id
LEFT JOIN bank AS b ON b.account_id = a.id
LEFT JOIN cash AS c ON c.account_id = a.id
ORDER BY number
