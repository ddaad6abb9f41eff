-- Everything that is no credit is a debit: the ledger has cash withdrawals under a type of their own.
SELECT
    coalesce(sum(amount) FILTER (WHERE type = 'PRIJEM'), 0)::DECIMAL(18, 2) AS credits,
    coalesce(sum(amount) FILTER (WHERE type <> 'PRIJEM'), 0)::DECIMAL(18, 2) AS debits,
    count(*) AS transactions
FROM trans
ORDER BY transactions
