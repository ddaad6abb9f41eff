// Package pgtest gives each test a PostgreSQL database of its own. It stands beside local/postgres, whose server it starts
// at the first need and shares within one test process; where MONTHEND_TEST_DATABASE_URL names a server, nothing is started
// and the databases are made there, by a role that may. It holds no schema: what is in a database is up to the test.
//
// A package that uses it ends the server in its TestMain, which also looks for leaked goroutines:
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// operationTimeout bounds the making and dropping of one database, so that a stuck server fails a test and not the run.
const operationTimeout = time.Minute

// Database is the connection string of an empty database, dropped at the end of the test together with its connections.
func Database(tb testing.TB) string {
	tb.Helper()
	return create(tb, "")
}

// Cloned is the connection string of a copy of a database that prepare has filled. prepare runs once a process: two calls
// with the same function share its work, so what it does must not depend on variables that it captures. It must close its
// connections.
func Cloned(tb testing.TB, prepare func(ctx context.Context, url string) error) string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), operationTimeout)
	defer cancel()
	template, err := shared.template(ctx, prepare)
	if err != nil {
		tb.Fatalf("prepare test database: %v", err)
	}
	return create(tb, template)
}

// create makes a database, from a template unless that is "".
func create(tb testing.TB, template string) string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), operationTimeout)
	defer cancel()
	base, err := shared.url(ctx)
	if err != nil {
		tb.Fatalf("start test database: %v", err)
	}
	name := newName()
	if err := createDatabase(ctx, base, name, template); err != nil {
		tb.Fatalf("create test database: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), operationTimeout)
		defer cancel()
		if err := dropDatabase(ctx, base, name); err != nil {
			tb.Errorf("drop test database: %v", err)
		}
	})
	return withDatabase(base, name)
}

// newName is a database name that no other process uses.
func newName() string { return "monthend_test_" + strings.ToLower(rand.Text()[:16]) }

func createDatabase(ctx context.Context, base *url.URL, name, template string) error {
	if template == "" {
		template = "template0" // nothing that somebody added to template1
	}
	return execute(ctx, base, "CREATE DATABASE "+quote(name)+" TEMPLATE "+quote(template))
}

func dropDatabase(ctx context.Context, base *url.URL, name string) error {
	return execute(ctx, base, "DROP DATABASE IF EXISTS "+quote(name)+" WITH (FORCE)")
}

func execute(ctx context.Context, base *url.URL, statements ...string) error {
	conn, err := pgx.Connect(ctx, base.String())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

// withDatabase is the connection string of another database of the server.
func withDatabase(base *url.URL, name string) string {
	u := *base
	u.Path = "/" + name
	return u.String()
}
