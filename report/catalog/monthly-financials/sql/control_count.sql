-- Every row that the source counted has arrived, rejected rows included.
SELECT
    (SELECT row_count::DECIMAL(18, 0) FROM source_total_extracted)          AS expected,
    (SELECT count(*)::DECIMAL(18, 0) FROM transactions_extracted)           AS actual
