-- Every line that has no equal on the other side.
WITH bank AS (
    SELECT *, row_number() OVER (PARTITION BY account_id, reference ORDER BY booked_on, id) AS nth
    FROM bank_lines
),
cash AS (
    SELECT *, row_number() OVER (PARTITION BY account_id, reference ORDER BY booked_on, row_id) AS nth
    FROM cash_lines
),
pairs AS ( -- a payment is known by its account and reference; the nth of one reference belongs to the nth
    SELECT
        coalesce(b.account_id, c.account_id) AS account_id,
        coalesce(b.booked_on, c.booked_on)   AS day,
        coalesce(b.reference, c.reference)   AS reference,
        b.counterparty                       AS counterparty,
        b.amount                             AS bank,
        c.amount                             AS cash
    FROM bank AS b
    FULL JOIN cash AS c ON c.account_id = b.account_id AND c.reference = b.reference AND c.nth = b.nth
)
SELECT
    CASE
        WHEN cash IS NULL THEN 'Bank only'
        WHEN bank IS NULL THEN 'Cash book only'
        ELSE 'Amounts differ'
    END                                          AS finding,
    a.name                                       AS account,
    p.day                                        AS day,
    p.reference                                  AS reference,
    p.counterparty                               AS counterparty,
    p.bank                                       AS bank,
    p.cash                                       AS cash,
    coalesce(p.bank, 0.00) - coalesce(p.cash, 0.00) AS difference
FROM pairs AS p
JOIN bank_accounts AS a ON a.id = p.account_id
WHERE p.bank IS DISTINCT FROM p.cash
ORDER BY finding, day, reference
