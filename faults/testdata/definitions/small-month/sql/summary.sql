SELECT
    coalesce(sum(e.amount), 0.00)             AS total,
    count(*)                                  AS entries,
    (SELECT count(*) FROM entries_quarantine) AS rejected,
    (SELECT count(*) -- always 0, and as slow as books.pace says
       FROM pace AS a, pace AS b
      WHERE a.stage = 'generate' AND b.stage = 'generate' AND hash(a.n, b.n) = 0) AS unsteady
FROM entries AS e
ORDER BY total
