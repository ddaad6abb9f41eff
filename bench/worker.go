package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/report"
)

// workers are parts of a job that have no command of their own. Each runs in a process of its own, this program called
// again, so that it is measured like the whole programs that it is beside.
var workers = map[string]func(ctx context.Context, w workOrder) (rows int64, err error){
	"ingest": ingest,
	"scan":   scanRows,
}

// workOrder is what a worker is told: by its arguments, and the URL of the source, which has a password, by its environment.
type workOrder struct {
	definitions, name string
	memory            int64
	url               string
}

const urlVariable = "MONTHEND_SOURCE_URL"

// workFlag makes this program a worker.
const workFlag = "-work"

// work is `bench -work NAME DEFINITIONS REPORT MEMORY_MB`.
func work(ctx context.Context, args []string) error {
	if len(args) != 4 || workers[args[0]] == nil {
		return fmt.Errorf("no worker is named %q", args)
	}
	memory, err := strconv.ParseInt(args[3], 10, 64)
	if err != nil {
		return err
	}
	rows, err := workers[args[0]](ctx, workOrder{definitions: args[1], name: args[2], memory: memory << 20, url: os.Getenv(urlVariable)})
	if err == nil {
		fmt.Println(rows)
	}
	return err
}

// extract is the definition's main query.
func (w workOrder) extract() (report.Extract, error) {
	def, err := report.Load(os.DirFS(w.definitions), w.name)
	if err != nil {
		return report.Extract{}, err
	}
	return def.Extract[0], nil
}

// march is the month of every job here.
var march = source.Params{
	PeriodStart: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
	PeriodEnd:   time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC),
	PeriodFirst: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
	PeriodNext:  time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC),
}

// ingest moves the rows of the main query into the engine, exactly as a run does, and does nothing with them.
func ingest(ctx context.Context, w workOrder) (rows int64, err error) {
	extract, err := w.extract()
	if err != nil {
		return 0, err
	}
	db, err := source.OpenPostgres(ctx, w.url, nil)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	spool, err := os.MkdirTemp("", "ingest-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(spool)
	workspace, err := engine.Open(ctx, engine.Config{MemoryLimit: w.memory, Spool: spool})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, workspace.Close()) }()
	snapshot, err := db.Begin(ctx, "UTC")
	if err != nil {
		return 0, err
	}
	defer snapshot.Close(ctx)
	answer, err := snapshot.Query(ctx, extract, march)
	if err != nil {
		return 0, err
	}
	defer answer.Close()
	return workspace.Load(ctx, extract.Name, answer)
}

// transaction is a row as a program that scans rows holds it.
type transaction struct {
	id           int64
	bookedAt     time.Time
	accountID    int32
	category     string
	region       string
	method       string
	counterparty string
	description  *string
	amount       decimal.NullDecimal
	currency     string
}

// scanRows is the plain way in Go: Scan into a struct, exact amounts, and nothing done with them.
func scanRows(ctx context.Context, w workOrder) (rows int64, err error) {
	extract, err := w.extract()
	if err != nil {
		return 0, err
	}
	conn, err := pgx.Connect(ctx, w.url)
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx)
	answer, err := conn.Query(ctx, extract.SQL, pgx.NamedArgs{"period_start": march.PeriodStart, "period_end": march.PeriodEnd})
	if err != nil {
		return 0, err
	}
	defer answer.Close()
	for answer.Next() {
		var t transaction
		if err := answer.Scan(&t.id, &t.bookedAt, &t.accountID, &t.category, &t.region, &t.method, &t.counterparty,
			&t.description, &t.amount, &t.currency); err != nil {
			return rows, err
		}
		rows++
	}
	return rows, answer.Err()
}
