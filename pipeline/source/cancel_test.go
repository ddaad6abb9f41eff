package source_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/monthend/monthend/pipeline/column"
	"github.com/monthend/monthend/report"
)

const waiting = `SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(61)%' AND state = 'active' AND pid <> pg_backend_pid()`

// TestCancelledWhileItWaits: the server works on a query and sends nothing yet. Whoever is told to stop stops at once, and no
// second reader is left on the connection.
func TestCancelledWhileItWaits(t *testing.T) {
	address, conn := database(t)
	p := open(t, address, nil)
	for range 20 {
		s := begin(t, p)
		why := errors.New("told to stop")
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() { // ends with the query it waits for
			for waits := false; !waits && conn.QueryRow(t.Context(), waiting).Scan(&waits) == nil; {
			}
			cancel(why)
		}()
		began := time.Now()
		rows, err := s.Query(ctx, report.Extract{Name: "q", Path: "q.sql", SQL: "SELECT 1 AS n FROM pg_sleep(61)"}, march)
		if err == nil {
			err = rows.Next(new(column.Batch))
			rows.Close()
		}
		if !errors.Is(err, why) {
			t.Errorf("got %v, want %v", err, why)
		}
		if took := time.Since(began); took > time.Minute { // the server would take a second more
			t.Fatalf("it took %s to stop", took)
		}
		s.Close(t.Context())
	}
}
