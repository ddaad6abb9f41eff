-- The bank has stated a balance of every account.
SELECT
    (SELECT count(*)::DECIMAL(18, 0) FROM bank_accounts_extracted)                        AS expected,
    (SELECT count(DISTINCT account_id)::DECIMAL(18, 0) FROM statements_extracted)         AS actual
