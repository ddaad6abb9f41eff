SELECT p.stage::text AS stage, n::bigint AS n
FROM books.pace AS p, generate_series(1, p.rows) AS n
