SELECT sum(length(repeat(CAST(id AS VARCHAR), 100000000))) AS characters
FROM entries
ORDER BY characters
