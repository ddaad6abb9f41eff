package source_test

import (
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/report"
)

const benchRows = 200_000

// ledger is a table of benchRows transactions, about 150 bytes each on the wire.
func ledger(b *testing.B) (url string, conn *pgx.Conn) {
	b.Helper()
	url, conn = database(b)
	execute(b, conn, fmt.Sprintf(`CREATE TABLE t AS SELECT g AS id, now() AS booked_at, (random() * 1e6)::numeric(18,2) AS amount,
		'CZK'::char(3) AS currency, 'category ' || g %% 20 AS category,
		CASE WHEN g %% 10 > 0 THEN 'Counterparty number ' || g %% 1000 END AS counterparty,
		repeat('d', 60) AS description, (g %% 500)::int AS account FROM generate_series(1, %d) AS g`, benchRows))
	execute(b, conn, "VACUUM ANALYZE t")
	return url, conn
}

func reportRows(b *testing.B) {
	b.ReportMetric(benchRows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkExtract moves the ledger from PostgreSQL into the engine.
func BenchmarkExtract(b *testing.B) {
	address, _ := ledger(b)
	p := open(b, address, nil)
	for b.Loop() {
		b.StopTimer()
		w, err := engine.Open(context.Background(), engine.Config{Spool: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		s, err := p.Begin(context.Background(), "Europe/Prague")
		if err != nil {
			b.Fatal(err)
		}
		rows, err := s.Query(context.Background(), report.Extract{Name: "t", SQL: "SELECT * FROM t"}, march)
		if err != nil {
			b.Fatal(err)
		}
		if n, err := w.Load(context.Background(), "t", rows); err != nil || n != benchRows {
			b.Fatal(n, err)
		}
		rows.Close()
		if err := s.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	reportRows(b)
}

// BenchmarkCopyLimit is what the server can send: COPY in binary, thrown away.
func BenchmarkCopyLimit(b *testing.B) {
	_, conn := ledger(b)
	for b.Loop() {
		if _, err := conn.PgConn().CopyTo(context.Background(), io.Discard, "COPY (SELECT * FROM t) TO STDOUT (FORMAT binary)"); err != nil {
			b.Fatal(err)
		}
	}
	reportRows(b)
}
