SELECT
    l.id::bigint            AS id,
    l.account_id::integer   AS account_id,
    l.booked_on::date       AS booked_on,
    l.reference::text       AS reference,
    l.counterparty::text    AS counterparty,
    l.amount::numeric(18,2) AS amount
FROM finance.bank_lines AS l
WHERE l.booked_on >= @period_first
  AND l.booked_on < @period_next
