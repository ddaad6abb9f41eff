-- The open items explain the whole difference between the bank and the cash book: nothing was passed over, nothing met twice.
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
    (SELECT coalesce(sum(amount), 0.00) FROM bank_lines) - (SELECT coalesce(sum(amount), 0.00) FROM cash_lines) AS expected,
    coalesce(sum(coalesce(bank, 0.00) - coalesce(cash, 0.00)) FILTER (WHERE bank IS DISTINCT FROM cash), 0.00)  AS actual
FROM pairs
