SELECT
    a.id::integer     AS id,
    a.code::text      AS code,
    a.name::text      AS name,
    a.kind::text      AS kind,
    a.active::boolean AS active
FROM finance.accounts AS a
