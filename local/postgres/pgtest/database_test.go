package pgtest_test

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/monthend/monthend/local/postgres/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestDatabasesAreApart(t *testing.T) {
	for _, url := range []string{pgtest.Database(t), pgtest.Database(t)} {
		conn := connect(t, url)
		// The second CREATE would meet the first table if the two were one database.
		if _, err := conn.Exec(t.Context(), "CREATE TABLE mine (n integer)"); err != nil {
			t.Fatal(err)
		}
	}
}

var prepared atomic.Int32

func prepare(ctx context.Context, url string) error {
	prepared.Add(1)
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "CREATE TABLE given (n integer); INSERT INTO given SELECT generate_series(1, 1000)")
	return err
}

func TestClonesShareOnePreparation(t *testing.T) {
	t.Run("clones", func(t *testing.T) {
		for i := range 4 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				conn := connect(t, pgtest.Cloned(t, prepare))
				tag, err := conn.Exec(t.Context(), "DELETE FROM given")
				if err != nil || tag.RowsAffected() != 1000 {
					t.Fatalf("got %d rows (%v), want the 1000 that were prepared", tag.RowsAffected(), err)
				}
			})
		}
	})
	if got := prepared.Load(); got != 1 {
		t.Errorf("prepare ran %d times, want once", got)
	}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func BenchmarkDatabase(b *testing.B) {
	for b.Loop() {
		pgtest.Database(b)
	}
}

func BenchmarkCloned(b *testing.B) {
	for b.Loop() {
		pgtest.Cloned(b, prepare)
	}
}
