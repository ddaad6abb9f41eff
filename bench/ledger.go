package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/monthend/monthend/local/postgres"
)

//go:embed ledger.sql
var ledgerSQL string

// lists is the rival in Python.
//
//go:embed lists.py
var lists []byte

// ledger is a private PostgreSQL with one large table, which is kept from one call of the program to the next: making
// ten million rows takes longer than measuring them.
type ledger struct {
	server *postgres.Server
	url    string
	rows   int
}

// ledgerSettings are the server's: what is read stays in its memory and nothing runs beside the reading.
var ledgerSettings = map[string]string{
	"shared_buffers": "1GB",
	"max_wal_size":   "4GB",
	"autovacuum":     "off",
	"work_mem":       "64MB",
}

// openLedger starts the server in dir and makes the table where there is none of that many rows yet.
func (b *bench) openLedger(ctx context.Context) (l *ledger, err error) {
	dir := b.data
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("find a folder for the table (-data names one): %w", err)
		}
		dir = filepath.Join(cache, "monthend-bench")
	}
	fmt.Fprintf(b.out, "the table of %d rows is kept in %s\n", b.rows, dir)
	l = &ledger{rows: b.rows}
	if l.server, err = postgres.Start(ctx, postgres.Config{Dir: dir}); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.server.Close())
		}
	}()
	if err := l.configure(ctx); err != nil {
		return nil, fmt.Errorf("set up the server: %w", err)
	}
	if err := l.server.Close(); err != nil {
		return nil, err
	}
	if l.server, err = postgres.Start(ctx, postgres.Config{Dir: dir}); err != nil {
		return nil, err
	}
	database := "rows_" + strconv.Itoa(b.rows)
	if err := l.server.CreateDatabase(ctx, database); err != nil {
		return nil, err
	}
	l.url = l.server.URL(database)
	return l, b.makeTable(ctx, l)
}

func (l *ledger) configure(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, l.server.URL(""))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for name, value := range ledgerSettings {
		if _, err := conn.Exec(ctx, fmt.Sprintf("ALTER SYSTEM SET %s = '%s'", name, value)); err != nil {
			return err
		}
	}
	return nil
}

// makeTable makes and warms the table. It is there or it is not: it is made in one transaction.
func (b *bench) makeTable(ctx context.Context, l *ledger) error {
	conn, err := pgx.Connect(ctx, l.url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var there bool
	if err := conn.QueryRow(ctx, "SELECT to_regclass('bench.transactions') IS NOT NULL").Scan(&there); err != nil {
		return err
	}
	if !there {
		began := time.Now()
		if _, err := conn.Exec(ctx, strings.ReplaceAll(ledgerSQL, "$1", strconv.Itoa(l.rows)), pgx.QueryExecModeSimpleProtocol); err != nil {
			return fmt.Errorf("make the table: %w", err)
		}
		if _, err := conn.Exec(ctx, "VACUUM (FREEZE, ANALYZE)"); err != nil {
			return fmt.Errorf("make the table: %w", err)
		}
		fmt.Fprintf(b.out, "made in %s s\n", short(s(time.Since(began))))
	}
	var rows, month int
	err = conn.QueryRow(ctx, "SELECT count(*), count(*) FILTER (WHERE booked_at >= '2026-03-01Z' AND booked_at < '2026-04-01Z') FROM bench.transactions").
		Scan(&rows, &month)
	if err == nil && rows != l.rows {
		err = fmt.Errorf("the table has %d rows, not %d", rows, l.rows)
	}
	fmt.Fprintf(b.out, "%d rows, %d of them in the month\n", rows, month)
	return err
}
