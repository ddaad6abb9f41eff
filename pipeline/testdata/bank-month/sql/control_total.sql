SELECT
    (SELECT amount FROM source_total_extracted) AS expected,
    (SELECT coalesce(sum(amount), 0) FROM trans_extracted) AS actual
