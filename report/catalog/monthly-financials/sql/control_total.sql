-- Every amount that the source summed has arrived, rejected rows included.
SELECT
    (SELECT amount FROM source_total_extracted)                             AS expected,
    (SELECT coalesce(sum(amount), 0.00) FROM transactions_extracted)        AS actual
