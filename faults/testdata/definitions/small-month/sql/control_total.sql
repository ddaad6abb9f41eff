SELECT
    (SELECT amount FROM source_total_extracted)                 AS expected,
    (SELECT coalesce(sum(amount), 0.00) FROM entries_extracted) AS actual
