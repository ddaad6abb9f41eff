package seed

import (
	"context"
	"fmt"
	"math/big"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// loadBank fills the tables of the bank's side and the cash book. A statement's closing balance is its opening one and all its
// lines, and the next month's opening one.
func loadBank(ctx context.Context, tx pgx.Tx) error {
	var bank, cash []bankLine
	var statements [][]any
	balances := map[int32]Amount{}
	for _, a := range bankAccounts {
		balances[a.id] = a.opening
	}
	for i := range months {
		b := bankBooks(i)
		bank, cash = append(bank, b.bank...), append(cash, b.cash...)
		month := time.Date(months[i].year, months[i].month, 1, 0, 0, 0, 0, time.UTC)
		for _, a := range bankAccounts {
			opening := balances[a.id]
			for _, line := range b.bank {
				if line.account == a.id {
					balances[a.id] += line.amount
				}
			}
			statements = append(statements, []any{a.id, month, hundredths(opening), hundredths(balances[a.id])})
		}
	}
	for _, t := range []struct {
		table   string
		columns []string
		rows    int
		row     func(int) []any
	}{
		{"bank_accounts", []string{"id", "number", "name"}, len(bankAccounts), func(i int) []any {
			a := bankAccounts[i]
			return []any{a.id, a.number, a.name}
		}},
		{"bank_statements", []string{"account_id", "month", "opening", "closing"}, len(statements), func(i int) []any { return statements[i] }},
		{"bank_lines", []string{"id", "account_id", "booked_on", "reference", "counterparty", "amount"}, len(bank), func(i int) []any {
			l := &bank[i]
			return []any{l.id, l.account, l.on, nullable(l.reference), l.counterparty, hundredths(l.amount)}
		}},
		{"cash_lines", []string{"id", "account_id", "booked_on", "reference", "amount"}, len(cash), func(i int) []any {
			l := &cash[i]
			amount := hundredths(l.amount)
			amount.Valid = !l.missing
			return []any{l.id, l.account, l.on, l.reference, amount}
		}},
	} {
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"finance", t.table}, t.columns,
			pgx.CopyFromSlice(t.rows, func(i int) ([]any, error) { return t.row(i), nil }))
		if err != nil {
			return fmt.Errorf("copy %s: %w", t.table, err)
		}
	}
	_, err := tx.Exec(ctx, `CREATE INDEX ON finance.bank_lines (booked_on); CREATE INDEX ON finance.cash_lines (booked_on);
		ANALYZE finance.bank_accounts, finance.bank_statements, finance.bank_lines, finance.cash_lines`)
	return err
}

func hundredths(a Amount) pgtype.Numeric {
	return pgtype.Numeric{Int: big.NewInt(int64(a)), Exp: -2, Valid: true}
}
