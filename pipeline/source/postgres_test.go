package source_test

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/monthend/monthend/local/postgres/pgtest"
	"github.com/monthend/monthend/pipeline/column"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/report"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// database is an empty database with a connection to fill it.
func database(t testing.TB) (url string, conn *pgx.Conn) {
	t.Helper()
	url = pgtest.Database(t)
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return url, conn
}

func execute(t testing.TB, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(context.Background(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, url string, tracer pgx.QueryTracer) *source.Postgres {
	t.Helper()
	p, err := source.OpenPostgres(context.Background(), url, tracer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func begin(t testing.TB, p *source.Postgres) *source.Snapshot {
	t.Helper()
	s, err := p.Begin(context.Background(), "Europe/Prague")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// query reads all rows of a query; text columns come back as their text.
func query(s *source.Snapshot, sql string) (texts []string, rows *source.Rows, err error) {
	rows, err = s.Query(context.Background(), report.Extract{Name: "q", SQL: sql, Path: "extract/q.sql"}, march)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	var b column.Batch
	for {
		if err := rows.Next(&b); err == io.EOF {
			return texts, rows, nil
		} else if err != nil {
			return texts, rows, err
		}
		for i := range b.Len() {
			if v := &b.Vectors[0]; v.Type.Kind == column.Text {
				texts = append(texts, string(v.Value(i)))
			}
		}
	}
}

func text(t testing.TB, s *source.Snapshot, sql string) string {
	t.Helper()
	texts, _, err := query(s, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return strings.Join(texts, "|")
}
