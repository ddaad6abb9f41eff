SELECT
    t.name::text            AS name,
    t.amount::numeric(18,2) AS amount
FROM books.tenants AS t
WHERE t.name = @tenant
