SELECT a.id, a.name, a.kind
FROM bench.accounts AS a
