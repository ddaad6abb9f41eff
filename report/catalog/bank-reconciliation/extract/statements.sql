SELECT
    s.account_id::integer    AS account_id,
    s.opening::numeric(18,2) AS opening,
    s.closing::numeric(18,2) AS closing
FROM finance.bank_statements AS s
WHERE s.month = @period_first
