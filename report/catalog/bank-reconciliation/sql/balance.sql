-- What all accounts hold at the end of each day on which the bank booked something.
SELECT
    booked_on                                                                         AS day,
    sum(sum(amount)) OVER (ORDER BY booked_on) + (SELECT sum(opening) FROM statements) AS balance
FROM bank_lines
GROUP BY booked_on
ORDER BY day
