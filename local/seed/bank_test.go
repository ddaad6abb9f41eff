package seed_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/local/postgres/pgtest"
	"github.com/monthend/monthend/local/seed"
)

// TestExpectedBank counts and sums again, in the database's decimals.
func TestExpectedBank(t *testing.T) {
	conn := connect(t, pgtest.Cloned(t, seed.Load))
	for _, period := range seed.Periods() {
		want, err := seed.ExpectedBank(period)
		if err != nil {
			t.Fatal(err)
		}
		var got seed.BankMonth
		var bank, cash, differences string
		err = conn.QueryRow(t.Context(), countedBank, period).Scan(&got.BankLines, &got.CashLines, &bank, &cash, &got.Dirt.Charges,
			&got.Dirt.Missing, &got.Dirt.Doubled, &got.Matched, &got.Dirt.Altered, &differences, &got.Dirt.Unentered, &got.Dirt.Transit)
		if err != nil {
			t.Fatal(err)
		}
		got.Period, got.BankSum, got.CashSum, got.Differences = period, want.BankSum, want.CashSum, want.Differences
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", period, diff)
		}
		if diff := cmp.Diff([]string{want.BankSum.String(), want.CashSum.String(), want.Differences.String()}, []string{bank, cash, differences}); diff != "" {
			t.Errorf("%s: money (-want +got):\n%s", period, diff)
		}
	}
	if _, err := seed.ExpectedBank("2026-04"); err == nil {
		t.Error("a month that is not there was expected")
	}
}

const countedBank = `
	WITH bank AS (
		SELECT * FROM finance.bank_lines WHERE to_char(booked_on, 'YYYY-MM') = $1
	), cash AS (
		SELECT *, row_number() OVER (PARTITION BY id ORDER BY row_id) AS entry FROM finance.cash_lines WHERE to_char(booked_on, 'YYYY-MM') = $1
	), pairs AS (
		SELECT b.amount AS bank, c.amount AS cash, b.id IS NOT NULL AS on_bank, c.id IS NOT NULL AS in_cash
		FROM (SELECT * FROM bank WHERE reference IS NOT NULL) b
		FULL JOIN (SELECT * FROM cash WHERE entry = 1) c ON c.reference = b.reference AND c.account_id = b.account_id
	)
	SELECT (SELECT count(*) FROM bank), (SELECT count(*) FROM cash), (SELECT sum(amount)::text FROM bank), (SELECT sum(amount)::text FROM cash),
		(SELECT count(*) FROM bank WHERE reference IS NULL), (SELECT count(*) FROM cash WHERE amount IS NULL), (SELECT count(*) FROM cash WHERE entry > 1),
		count(*) FILTER (WHERE bank = cash), count(*) FILTER (WHERE bank <> cash), coalesce(sum(bank - cash) FILTER (WHERE bank <> cash), 0.00)::text,
		count(*) FILTER (WHERE NOT in_cash), count(*) FILTER (WHERE NOT on_bank)
	FROM pairs`

// TestStatementsClose: each balance is the one before and all lines of the month, account by account.
func TestStatementsClose(t *testing.T) {
	conn := connect(t, pgtest.Cloned(t, seed.Load))
	if !one[bool](t, conn, `
		SELECT count(*) = 39 AND bool_and(closing = opening + moved) AND bool_and(opening = coalesce(before, opening))
		FROM (SELECT s.*, lag(closing) OVER (PARTITION BY account_id ORDER BY month) AS before,
			(SELECT coalesce(sum(amount), 0) FROM finance.bank_lines l WHERE l.account_id = s.account_id AND date_trunc('month', l.booked_on) = s.month) AS moved
			FROM finance.bank_statements s) x`) {
		t.Error("a statement does not close")
	}
}
