-- What each account is off by: opening balance and all its lines are the closing balance, account by account, so that one
-- error does not hide another.
WITH moved AS (
    SELECT account_id, sum(amount) AS amount
    FROM bank_lines_extracted
    GROUP BY account_id
)
SELECT
    0.00::DECIMAL(18, 2)                                                          AS expected,
    coalesce(sum(abs(s.closing - s.opening - coalesce(m.amount, 0.00))), 0.00)    AS actual
FROM statements_extracted AS s
LEFT JOIN moved AS m ON m.account_id = s.account_id
