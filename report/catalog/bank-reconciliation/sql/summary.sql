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
    (SELECT coalesce(sum(closing), 0.00) FROM statements)          AS closing,
    (SELECT count(*) FROM bank_lines)                              AS bank_lines,
    (SELECT count(*) FROM cash_lines)                              AS cash_lines,
    count(*) FILTER (WHERE bank = cash)                            AS matched,
    count(*) FILTER (WHERE bank IS DISTINCT FROM cash)             AS open_items,
    coalesce(sum(coalesce(bank, 0.00) - coalesce(cash, 0.00)), 0.00) AS difference
FROM pairs
ORDER BY closing
