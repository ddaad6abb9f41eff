-- The bank's days are dates without a time, so the month is taken by dates.
SELECT trans_id, account_id, date, type, operation, amount, balance, k_symbol
FROM bank.trans
WHERE date >= @period_first AND date < @period_next
