// Package seed fills a PostgreSQL database with the ledger of a company that does not exist: Aurora Trading s.r.o., Prague,
// 49,808 transactions from March 2025 to March 2026. It stands among the local servers and is loaded by the demo, the laptop
// and tests. It knows nothing of reports: what is wrong with the rows is for a report's rules to find.
//
// The rows are the same on every machine and in every year: they come from a seeded generator in integer arithmetic. The
// company grows by a fifth, sells most before Christmas and least in summer, rests at weekends and on public holidays. Each
// month has one booking in its very first and one in its very last second, Prague time.
//
// Between 1.2 and 1.6 % of a month's rows are dirt: amounts that are missing or zero, accounts that do not exist, documents
// booked twice, currencies that are not the crown. No row is dirty in two ways. Besides, some rows do not name their
// counterparty, which is untidy but no reason to reject them. Expected has the exact counts and sums of each month.
//
// Beside the ledger lie the statements of the company's three bank accounts and its cash book, over the same months: most
// payments stand in both, some in one only, and some with two amounts. ExpectedBank counts them.
package seed

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

//go:embed schema.sql
var schema string

// loadLock is the key of the advisory lock that lets one of several loads go first; the others then find its work.
const loadLock = 0x61_75_72_6f_72_61 // "aurora"

// Load creates schema finance and fills it, in one transaction. A database in which it was loaded stays as it is, whatever
// happened to its rows since.
func Load(ctx context.Context, url string) error {
	rows, err := allRows()
	if err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return load(ctx, tx, rows) })
	if err != nil {
		return fmt.Errorf("seed schema %q: %w", "finance", err)
	}
	return nil
}

func load(ctx context.Context, tx pgx.Tx, rows []row) error {
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", loadLock); err != nil {
		return err
	}
	var loaded bool
	if err := tx.QueryRow(ctx, "SELECT to_regclass('finance.transactions') IS NOT NULL").Scan(&loaded); err != nil {
		return err
	}
	if loaded {
		return nil
	}
	if _, err := tx.Exec(ctx, schema); err != nil {
		return err
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"finance", "accounts"}, []string{"id", "code", "name", "kind", "active"},
		pgx.CopyFromSlice(len(chart), func(i int) ([]any, error) {
			a := chart[i]
			return []any{a.id, a.code, a.name, a.kind, a.active}, nil
		}))
	if err != nil {
		return fmt.Errorf("copy accounts: %w", err)
	}
	columns := []string{"id", "booked_at", "account_id", "category", "counterparty", "description", "amount", "currency"}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"finance", "transactions"}, columns,
		pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
			r := &rows[i]
			return []any{r.id, r.at, r.account, r.category, nullable(r.party), nullable(r.description), numeric(r), r.currency}, nil
		}))
	if err != nil {
		return fmt.Errorf("copy transactions: %w", err)
	}
	// The index last: it is made faster over rows that are there.
	_, err = tx.Exec(ctx, "CREATE INDEX ON finance.transactions (booked_at); ANALYZE finance.accounts, finance.transactions")
	if err != nil {
		return err
	}
	return loadBank(ctx, tx)
}

// allRows are the transactions of all months in the order of booking.
func allRows() ([]row, error) {
	prague, err := time.LoadLocation(zone)
	if err != nil {
		return nil, err
	}
	var rows []row
	for i := range months {
		rows = append(rows, months[i].rows(prague)...)
	}
	return rows, nil
}

func nullable(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func numeric(r *row) pgtype.Numeric {
	if r.missing {
		return pgtype.Numeric{}
	}
	return hundredths(r.amount)
}
