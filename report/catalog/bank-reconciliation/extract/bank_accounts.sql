SELECT
    a.id::integer  AS id,
    a.number::text AS number,
    a.name::text   AS name
FROM finance.bank_accounts AS a
