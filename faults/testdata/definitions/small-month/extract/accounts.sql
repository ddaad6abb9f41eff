SELECT a.id::integer AS id, a.name::text AS name
FROM books.accounts AS a
