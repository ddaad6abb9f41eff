package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/monthend/monthend/local/postgres/pgtest"
	"github.com/monthend/monthend/pipeline/column"
	"github.com/monthend/monthend/report"
)

// slowConn takes so long to come back from a write, or to write, that the driver begins to read beside it, as it does on a machine
// that has too much to do.
type slowConn struct {
	net.Conn
	before, after time.Duration
}

func (s slowConn) Write(p []byte) (int, error) {
	<-time.After(s.before)
	defer func() { <-time.After(s.after) }()
	return s.Conn.Write(p)
}

// The driver reads ahead where a write takes long, and what it has read by then are messages of the answer, rows among them.
func TestSlowWrites(t *testing.T) {
	url := pgtest.Database(t)
	want := map[int][16]byte{}
	for i, slow := range []slowConn{{}, {before: 20 * time.Millisecond}, {after: 20 * time.Millisecond}} {
		p, err := openPostgres(t.Context(), url, nil, func(cfg *pgx.ConnConfig) {
			tap(cfg)
			tapped := cfg.AfterNetConnect
			cfg.AfterNetConnect = func(ctx context.Context, c *pgconn.Config, conn net.Conn) (net.Conn, error) {
				return tapped(ctx, c, slowConn{conn, slow.before, slow.after})
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		s, err := p.Begin(t.Context(), "UTC")
		if err != nil {
			t.Fatal(err)
		}
		for _, rows := range []int{3, 3000} { // an answer that is all read ahead, and one that is not
			digest := readAll(t, s, fmt.Sprintf("SELECT i::bigint AS id, repeat('x', i %% 100)::text AS word FROM generate_series(1, %d) AS i", rows))
			if i == 0 {
				want[rows] = digest
			}
			if digest != want[rows] {
				t.Errorf("other rows came, or the same ones twice")
			}
		}
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func readAll(t *testing.T, s *Snapshot, sql string) [16]byte {
	t.Helper()
	rows, err := s.Query(t.Context(), report.Extract{Name: "q", SQL: sql, Path: "q.sql"}, Params{})
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var b column.Batch
	for {
		if err := rows.Next(&b); errors.Is(err, io.EOF) {
			return rows.Digest()
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
