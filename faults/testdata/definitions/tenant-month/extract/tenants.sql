SELECT t.name FROM books.tenants AS t ORDER BY t.name
