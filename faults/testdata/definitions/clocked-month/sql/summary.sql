SELECT
    count(*)                      AS entries,
    coalesce(sum(e.amount), 0.00) AS total
FROM entries AS e
ORDER BY entries
