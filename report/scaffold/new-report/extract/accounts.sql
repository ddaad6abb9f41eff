SELECT
    a.id::integer AS id,
    a.name::text  AS name
FROM finance.accounts AS a
