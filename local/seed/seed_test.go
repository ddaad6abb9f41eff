package seed_test

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/monthend/monthend/local/postgres/pgtest"
	"github.com/monthend/monthend/local/seed"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// fingerprint is over the text of every row of both tables, in order.
const fingerprint = `
	SELECT md5(string_agg(md5(t::text), '' ORDER BY row_id)) || ' ' ||
	       (SELECT md5(string_agg(a::text, ',' ORDER BY id)) FROM finance.accounts a)
	FROM finance.transactions t`

// bankFingerprint is over the bank's side and the cash book.
const bankFingerprint = `
	SELECT (SELECT md5(string_agg(l::text, '' ORDER BY id)) FROM finance.bank_lines l) || ' ' ||
	       (SELECT md5(string_agg(l::text, '' ORDER BY row_id)) FROM finance.cash_lines l) || ' ' ||
	       (SELECT md5(string_agg(s::text, '' ORDER BY account_id, month)) FROM finance.bank_statements s)`

// TestAlwaysTheSame holds the rows to what they were when this was written: reports, goldens and documentation quote them.
func TestAlwaysTheSame(t *testing.T) {
	const want = "b22fe3e5746a0c713352aa56d3599957 b34f91c24a4a0296d70aa6bd88ccc382"
	const wantBank = "298069f39813fe8c296767d8e47ac63e 1f3fde64f23c7130ca608a5d1486091f d163aedf3696ac19e49cdce8cf3cf621"
	for range 2 {
		url := pgtest.Database(t)
		if err := seed.Load(t.Context(), url); err != nil {
			t.Fatal(err)
		}
		conn := connect(t, url)
		if got := one[string](t, conn, fingerprint); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if got := one[string](t, conn, bankFingerprint); got != wantBank {
			t.Errorf("the bank: got %s, want %s", got, wantBank)
		}
	}
}

func TestLoadedStaysAsItIs(t *testing.T) {
	url := pgtest.Cloned(t, seed.Load)
	conn := connect(t, url)
	if _, err := conn.Exec(t.Context(), "DELETE FROM finance.transactions WHERE row_id % 2 = 0"); err != nil {
		t.Fatal(err)
	}
	before := one[string](t, conn, fingerprint)
	if err := seed.Load(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	if after := one[string](t, conn, fingerprint); after != before {
		t.Error("a second load changed the rows")
	}
}

func TestLoadsAtOnce(t *testing.T) {
	url := pgtest.Database(t)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if err := seed.Load(t.Context(), url); err != nil {
				t.Errorf("load: %v", err)
			}
		})
	}
	all.Wait()
	if got := one[int](t, connect(t, url), "SELECT count(*) FROM finance.transactions"); got != 49_808 {
		t.Errorf("got %d rows, want 49808", got)
	}
}

func TestNothingHalfLoaded(t *testing.T) {
	url := pgtest.Database(t)
	conn := connect(t, url)
	// Somebody else's table is in the way of the load's first one.
	if _, err := conn.Exec(t.Context(), "CREATE SCHEMA finance; CREATE TABLE finance.accounts (n integer)"); err != nil {
		t.Fatal(err)
	}
	if err := seed.Load(t.Context(), url); err == nil {
		t.Error("loaded over another table")
	}
	if one[bool](t, conn, "SELECT to_regclass('finance.transactions') IS NOT NULL") {
		t.Error("a load that did not succeed left a table")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := seed.Load(ctx, pgtest.Database(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// TestExpected counts and sums again, in the database's decimals.
func TestExpected(t *testing.T) {
	conn := connect(t, pgtest.Cloned(t, seed.Load))
	for _, period := range seed.Periods() {
		want, err := seed.Expected(period)
		if err != nil {
			t.Fatal(err)
		}
		var got seed.Month
		var sum, revenue, expenses string
		err = conn.QueryRow(t.Context(), counted, period).Scan(&got.Rows, &sum, &got.Dirt.Missing, &got.Dirt.Zero, &got.Dirt.Account,
			&got.Dirt.Duplicated, &got.Dirt.Currency, &got.Dirt.Unnamed, &got.Valid, &revenue, &expenses)
		if err != nil {
			t.Fatal(err)
		}
		got.Period, got.Sum, got.Revenue, got.Expenses = period, want.Sum, want.Revenue, want.Expenses
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", period, diff)
		}
		if diff := cmp.Diff([]string{want.Sum.String(), want.Revenue.String(), want.Expenses.String()}, []string{sum, revenue, expenses}); diff != "" {
			t.Errorf("%s: money (-want +got):\n%s", period, diff)
		}
		if want.Rows != want.Valid+want.Dirt.Rejected() {
			t.Errorf("%s: %d rows are not %d valid and %d rejected ones", period, want.Rows, want.Valid, want.Dirt.Rejected())
		}
		// Every month passes a gate of two per cent, and has something for it to look at.
		if rejected := want.Dirt.Rejected(); rejected*100 >= want.Rows*2 || rejected*100 < want.Rows {
			t.Errorf("%s: %d of %d rows are dirt, want between 1 and 2 %%", period, rejected, want.Rows)
		}
	}
	if _, err := seed.Expected("2026-04"); err == nil {
		t.Error("a month that is not there was expected")
	}
}

const counted = `
	WITH month AS (
		SELECT t.*, a.kind, count(*) OVER (PARTITION BY t.id) > 1 AS twice
		FROM finance.transactions t LEFT JOIN finance.accounts a ON a.id = t.account_id
		WHERE booked_at >= ($1 || '-01')::timestamp AT TIME ZONE 'Europe/Prague'
		  AND booked_at < (($1 || '-01')::timestamp + interval '1 month') AT TIME ZONE 'Europe/Prague'
	), valid AS (
		SELECT * FROM month WHERE amount <> 0 AND kind IS NOT NULL AND NOT twice AND currency = 'CZK'
	)
	SELECT count(*), sum(amount)::text, count(*) FILTER (WHERE amount IS NULL), count(*) FILTER (WHERE amount = 0),
		count(*) FILTER (WHERE kind IS NULL), count(*) FILTER (WHERE twice) / 2, count(*) FILTER (WHERE currency <> 'CZK'),
		count(*) FILTER (WHERE trim(coalesce(counterparty, '')) = ''), (SELECT count(*) FROM valid),
		(SELECT sum(amount)::text FROM valid WHERE kind = 'revenue'), (SELECT sum(amount)::text FROM valid WHERE kind = 'expense')
	FROM month`

func TestPlausible(t *testing.T) {
	conn := connect(t, pgtest.Cloned(t, seed.Load))
	for _, tt := range []struct{ name, query string }{
		{"revenue is above and expense below zero", `SELECT count(*) = 0 FROM finance.transactions t JOIN finance.accounts a
			ON a.id = t.account_id WHERE t.amount <> 0 AND (t.amount > 0) <> (a.kind = 'revenue')`},
		{"a document number belongs to one month", `SELECT count(*) = 0 FROM (SELECT id FROM finance.transactions
			GROUP BY id HAVING count(DISTINCT to_char(booked_at AT TIME ZONE 'Europe/Prague', 'YYYY-MM')) > 1) x`},
		{"the first and the last second of each month are booked", `SELECT count(*) = 26 FROM finance.transactions,
			LATERAL (SELECT booked_at AT TIME ZONE 'Europe/Prague' AS at) x
			WHERE at = date_trunc('month', at) OR at = date_trunc('month', at) + interval '1 month - 1 second'`},
		{"nothing lies outside of the thirteen months", `SELECT min(booked_at AT TIME ZONE 'Europe/Prague') = '2025-03-01'
			AND max(booked_at AT TIME ZONE 'Europe/Prague') = '2026-03-31 23:59:59' FROM finance.transactions`},
		{"rows are in the order of booking", `SELECT bool_and(booked_at >= before) FROM (SELECT booked_at,
			lag(booked_at, 1, '-infinity') OVER (ORDER BY row_id) AS before FROM finance.transactions) x`},
		{"office hours hold on the days of 23 and 25 hours", `SELECT count(*) FILTER (WHERE at::time BETWEEN '07:00' AND '19:00') * 10 > count(*) * 8
			FROM finance.transactions, LATERAL (SELECT booked_at AT TIME ZONE 'Europe/Prague' AS at) x
			WHERE at::date IN ('2025-03-30', '2025-10-26', '2026-03-29')`},
		{"a company that earns something", `SELECT sum(amount) BETWEEN 0.03 * sum(amount) FILTER (WHERE amount > 0)
			AND 0.25 * sum(amount) FILTER (WHERE amount > 0) FROM finance.transactions WHERE currency = 'CZK'`},
		{"names in many scripts", `SELECT count(DISTINCT counterparty) = 3 FROM finance.transactions
			WHERE counterparty IN ('Müller & Söhne GmbH', '日本商事', 'Čistírna Žižkov s.r.o.')`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !one[bool](t, conn, tt.query) {
				t.Error("is not so")
			}
		})
	}
}

func TestAmount(t *testing.T) {
	for amount, want := range map[seed.Amount]string{0: "0.00", 5: "0.05", -5: "-0.05", -1205: "-12.05", 123456: "1234.56"} {
		if got := amount.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })
	// Timestamps print in the session's zone, which a given server may have set otherwise.
	if _, err := conn.Exec(t.Context(), "SET TimeZone = 'UTC'"); err != nil {
		t.Fatal(err)
	}
	return conn
}

func one[T any](t *testing.T, conn *pgx.Conn, query string) T {
	t.Helper()
	var value T
	if err := conn.QueryRow(t.Context(), query).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}
