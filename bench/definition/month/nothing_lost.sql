SELECT
    (SELECT sum(amount) FROM transactions_extracted)                                                  AS expected,
    (SELECT sum(amount) FROM transactions) + (SELECT coalesce(sum(amount), 0.00) FROM transactions_quarantine) AS actual
