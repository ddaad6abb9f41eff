package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/monthend/monthend/local/postgres/pgtest"
	"github.com/monthend/monthend/pipeline/ledger"
)

func TestMigrate(t *testing.T) {
	database := pgtest.Database(t)
	for _, wantFrom := range []int64{0, ledger.SchemaVersion} {
		from, to, err := ledger.Migrate(t.Context(), database)
		if err != nil || from != wantFrom || to != ledger.SchemaVersion {
			t.Errorf("got %d to %d, %v; want %d to %d", from, to, err, wantFrom, ledger.SchemaVersion)
		}
	}
	conn := connect(t, database)
	var recorded, applied int64
	err := conn.QueryRow(t.Context(), `SELECT s.version, (SELECT max(version_id) FROM monthend.migration) FROM monthend.schema s`).Scan(&recorded, &applied)
	if err != nil || recorded != applied {
		t.Errorf("got version %d recorded, %d applied, %v; want them equal", recorded, applied, err)
	}
}

// The constant and the files are kept apart by hand; this holds them together.
func TestSchemaVersion(t *testing.T) {
	names, err := fs.Glob(os.DirFS("migrations"), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		number, _, _ := strings.Cut(name, "_")
		if n, err := strconv.Atoi(number); err != nil || n != i+1 {
			t.Errorf("got %q as migration %d, want its number", name, i+1)
		}
	}
	if len(names) != ledger.SchemaVersion {
		t.Errorf("got %d migrations, want %d", len(names), ledger.SchemaVersion)
	}
}

func TestMigrateRace(t *testing.T) {
	database := pgtest.Database(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, to, err := ledger.Migrate(t.Context(), database); err != nil || to != ledger.SchemaVersion {
				t.Errorf("got to %d, %v; want %d", to, err, ledger.SchemaVersion)
			}
		})
	}
	wg.Wait()
}

func TestOpenSchema(t *testing.T) {
	for name, test := range map[string]struct {
		version, minWorker int64
		want               error
		text               string
	}{
		"as needed": {ledger.SchemaVersion, ledger.SchemaVersion, nil, ""},
		"older": {ledger.SchemaVersion - 1, 1, ledger.ErrSchemaOld,
			fmt.Sprintf("open ledger: the ledger has schema version %d; this program needs %d", ledger.SchemaVersion-1, ledger.SchemaVersion)},
		"newer, only added": {ledger.SchemaVersion + 3, ledger.SchemaVersion, nil, ""},
		"newer, refusing us": {ledger.SchemaVersion + 3, ledger.SchemaVersion + 1, ledger.ErrSchemaNew,
			fmt.Sprintf("open ledger: the ledger's schema version %d accepts programs from %d on; this one knows %d", ledger.SchemaVersion+3, ledger.SchemaVersion+1, ledger.SchemaVersion)},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			b.exec(t, `UPDATE monthend.schema SET version = $1, min_worker = $2`, test.version, test.minWorker)
			store, err := ledger.Open(t.Context(), ledger.Config{URL: b.url})
			if err == nil {
				store.Close()
			}
			if !errors.Is(err, test.want) || err != nil && err.Error() != test.text {
				t.Errorf("got %v, want %q", err, test.text)
			}
		})
	}
}

func TestOpenEmptyDatabase(t *testing.T) {
	_, err := ledger.Open(t.Context(), ledger.Config{URL: pgtest.Database(t)})
	var schema *ledger.SchemaError
	if !errors.Is(err, ledger.ErrSchemaOld) || !errors.As(err, &schema) || schema.Have != 0 {
		t.Errorf("got %v, want ErrSchemaOld of version 0", err)
	}
}

const secret = "s3cr3t"

func TestOpenBadURL(t *testing.T) {
	for _, bad := range []string{
		"", " ", "postgres://user:" + secret + "%zz@localhost/x", "postgres://user:" + secret + "/more@localhost/x", "not a url " + secret,
		"postgres://user:" + secret + "@localhost:notaport/x", "mysql://user:" + secret + "@localhost/x",
		"postgres://user:" + secret + "@localhost/x?sslmode=perhaps", "host=localhost password=" + secret + " sslmode=perhaps",
		"host=localhost password='" + secret, "postgres://user:" + secret + "@localhost/x?connect_timeout=soon",
	} {
		_, err := ledger.Open(t.Context(), ledger.Config{URL: bad})
		var broken *ledger.URLError
		if !errors.As(err, &broken) {
			t.Errorf("%q: got %v, want a *URLError", bad, err)
		}
		checkLine(t, err)
		if _, _, err := ledger.Migrate(t.Context(), bad); !errors.As(err, &broken) {
			t.Errorf("%q: migrate got %v, want a *URLError", bad, err)
		} else {
			checkLine(t, err)
		}
	}
}

func TestOpenUnreachable(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close() // nobody answers there now
	given, err := url.Parse(pgtest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	given.User = url.UserPassword(given.User.Username(), secret)
	for name, database := range map[string]string{
		"nobody answers": "postgres://user:" + secret + "@" + address + "/ledger?sslmode=disable",
		"several hosts":  "postgres://user:" + secret + "@" + address + "," + address + "/ledger?sslmode=disable",
		"wrong password": given.String(),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ledger.Open(t.Context(), ledger.Config{URL: database})
			var unreachable *ledger.UnreachableError
			if !errors.As(err, &unreachable) {
				t.Errorf("got %v, want an *UnreachableError", err)
			}
			checkLine(t, err)
			if _, _, err := ledger.Migrate(t.Context(), database); !errors.As(err, &unreachable) {
				t.Errorf("migrate got %v, want an *UnreachableError", err)
			} else {
				checkLine(t, err)
			}
		})
	}
}

// Fault 15: after a failover the old primary answers, but must not be written to.
func TestOpenReadOnly(t *testing.T) {
	b := setup(t)
	b.exec(t, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$`)
	_, err := ledger.Open(t.Context(), ledger.Config{URL: b.url})
	var unreachable *ledger.UnreachableError
	if !errors.As(err, &unreachable) {
		t.Errorf("got %v, want an *UnreachableError", err)
	}
}

func checkLine(t *testing.T, err error) {
	t.Helper()
	if err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "\n")) {
		t.Errorf("got %q, want one line without the password", err)
	}
}

func connect(t testing.TB, database string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}
