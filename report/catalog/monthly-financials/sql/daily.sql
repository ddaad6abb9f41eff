-- Every day of the month has a row, so that a day without a booking is seen as zero and not passed over.
WITH booked AS (
    SELECT
        t.booked_at::DATE AS day, -- in the zone of the report
        t.amount          AS amount,
        a.kind            AS kind
    FROM transactions AS t
    JOIN accounts AS a ON a.id = t.account_id
),
calendar AS (
    SELECT unnest(generate_series(date_trunc('month', min(day))::TIMESTAMP, last_day(min(day))::TIMESTAMP, INTERVAL 1 DAY))::DATE AS day
    FROM booked
)
SELECT
    c.day                                                                AS day,
    count(b.amount)                                                      AS transactions,
    coalesce(sum(b.amount) FILTER (WHERE b.kind = 'revenue'), 0.00)      AS revenue,
    coalesce(sum(b.amount) FILTER (WHERE b.kind = 'expense'), 0.00)      AS expenses,
    coalesce(sum(b.amount), 0.00)                                        AS net
FROM calendar AS c
LEFT JOIN booked AS b ON b.day = c.day
GROUP BY c.day
ORDER BY c.day
