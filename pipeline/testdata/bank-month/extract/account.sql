SELECT account_id, district_id, frequency, date AS opened
FROM bank.account
