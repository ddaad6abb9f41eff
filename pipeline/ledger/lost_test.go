package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// wire stands between a ledger and its database and loses the answer of the next statement: it took effect, and whoever
// sent it sees a broken connection.
type wire struct {
	lose atomic.Bool
	lost atomic.Int32
}

// proxy forwards to the database until the test ends, and returns the url to connect to instead.
func (w *wire) proxy(t *testing.T, database string) string {
	t.Helper()
	cfg, err := pgx.ParseConfig(database)
	if err != nil {
		t.Fatal(err)
	}
	network, address := pgxAddress(cfg)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial(network, address)
			if err != nil {
				t.Error(err)
				client.Close()
				return
			}
			wg.Go(func() {
				io.Copy(server, client)
				server.Close()
			})
			wg.Go(func() {
				w.answer(client, server)
				client.Close()
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		wg.Wait()
	})
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", url.UserPassword(cfg.User, cfg.Password), listener.Addr(), cfg.Database)
}

func pgxAddress(cfg *pgx.ConnConfig) (network, address string) {
	if cfg.Host[0] == '/' {
		return "unix", fmt.Sprintf("%s/.s.PGSQL.%d", cfg.Host, cfg.Port)
	}
	return "tcp", net.JoinHostPort(cfg.Host, fmt.Sprint(cfg.Port))
}

// answer forwards what the server says, unless it is the end of a statement to be lost.
func (w *wire) answer(client io.Writer, server net.Conn) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := server.Read(buffer)
		if err != nil {
			return
		}
		if bytes.Contains(buffer[:n], []byte("SELECT 1\x00")) && w.lose.CompareAndSwap(true, false) {
			w.lost.Add(1)
			server.Close()
			return
		}
		if _, err := client.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// Fault 8: the commit succeeded and its answer was lost. Each decision is looked up before it is repeated, and stands as it
// was made the first time.
func TestAnswerLost(t *testing.T) {
	b := setup(t)
	w := &wire{}
	store, err := ledger.Open(t.Context(), ledger.Config{URL: w.proxy(t, b.url), Owner: "worker-1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	lose := func(t *testing.T) {
		before := w.lost.Load()
		w.lose.Store(true)
		t.Cleanup(func() {
			if got := w.lost.Load() - before; got != 1 {
				t.Errorf("got %d answers lost, want 1", got)
			}
		})
	}
	key := func(t *testing.T) ledger.Ask {
		ask := b.ask()
		ask.Key.Tenant = t.Name()[len("TestAnswerLost/"):]
		return ask
	}

	t.Run("Claim", func(t *testing.T) {
		ask := key(t)
		lose(t)
		c := mustClaim(t, store, ask)
		if attempts, err := b.Attempts(t.Context(), c.RunID); err != nil || len(attempts) != 1 || attempts[0].Token != c.Token {
			t.Errorf("got %+v, %v; want one attempt with token %d", attempts, err, c.Token)
		}
	})
	t.Run("ClaimNextAttempt", func(t *testing.T) {
		ask := key(t)
		b.expire(t, mustClaim(t, store, ask).RunID)
		lose(t)
		c := mustClaim(t, store, ask)
		if c.Attempt != 2 || c.Crashes != 1 {
			t.Errorf("got %+v, want the second attempt after one crash", c)
		}
	})
	t.Run("AllocateVersion", func(t *testing.T) {
		c := mustClaim(t, store, key(t))
		lose(t)
		if got, err := store.AllocateVersion(t.Context(), c, 6); err != nil || got != 7 {
			t.Errorf("got %d, %v; want 7", got, err)
		}
	})
	t.Run("Publish", func(t *testing.T) {
		ask := key(t)
		c := mustClaim(t, store, ask)
		if _, err := store.AllocateVersion(t.Context(), c, 0); err != nil {
			t.Fatal(err)
		}
		lose(t)
		version, err := store.Publish(t.Context(), c, publication(1))
		if err != nil || version.Number != 1 || version.RunID != c.RunID {
			t.Errorf("got %+v, %v; want version 1", version, err)
		}
		if versions, err := b.Versions(t.Context(), ask.Key); err != nil || !cmp.Equal(versions, []ledger.Version{version}) {
			t.Errorf("got %+v, %v; want that version alone", versions, err)
		}
	})
	t.Run("End", func(t *testing.T) {
		c := mustClaim(t, store, key(t))
		lose(t)
		if err := store.End(t.Context(), c, ledger.Ending{Outcome: report.DataFailed, Err: errors.New("the gate is shut")}); err != nil {
			t.Error(err)
		}
	})
	t.Run("Release", func(t *testing.T) {
		c := mustClaim(t, store, key(t))
		lose(t)
		if err := store.Release(t.Context(), c, errors.New("source is down")); err != nil {
			t.Error(err)
		}
	})
	t.Run("Refuse", func(t *testing.T) {
		lose(t)
		if _, err := store.Refuse(t.Context(), ledger.Refusal{RequestID: "bad", Reason: "month 13"}); err != nil {
			t.Error(err)
		}
	})
}
