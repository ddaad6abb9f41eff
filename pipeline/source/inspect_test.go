package source_test

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/report"
)

func TestInspect(t *testing.T) {
	address, conn := database(t)
	got, err := open(t, address, nil).Inspect(t.Context(), []string{"Europe/Prague", "Mars/Olympus", "UTC"})
	if err != nil {
		t.Fatal(err)
	}
	want := source.Description{
		Database: conn.Config().Database, Role: conn.Config().User, Server: got.Server, Superuser: true, Encoding: "UTF8", Zone: got.Zone,
		UnknownZones: []string{"Mars/Olympus"},
	}
	if diff := cmp.Diff(want, got); diff != "" || got.Server == "" || got.Zone == "" {
		t.Errorf("%s, server %q, zone %q", diff, got.Server, got.Zone)
	}
	execute(t, conn, "ALTER DATABASE "+conn.Config().Database+" SET default_transaction_read_only = on")
	if got, err = open(t, address, nil).Inspect(t.Context(), nil); err != nil || !got.ReadOnly {
		t.Errorf("got %+v, %v; want it read-only", got, err)
	}
}

func TestWritable(t *testing.T) {
	address, conn := database(t)
	execute(t, conn, `
		CREATE SCHEMA books;
		CREATE TABLE books.read (a int);
		CREATE TABLE books."Written" (a int);
		CREATE TABLE books.parts (a int) PARTITION BY LIST (a);
		CREATE TABLE books.part PARTITION OF books.parts FOR VALUES IN (1);
		CREATE TABLE books.elsewhere (a int);
		CREATE ROLE inspected LOGIN PASSWORD 'pass';
		GRANT USAGE ON SCHEMA books TO inspected;
		GRANT SELECT ON ALL TABLES IN SCHEMA books TO inspected;
		GRANT INSERT, DELETE ON books."Written" TO inspected;
		GRANT UPDATE ON books.parts TO inspected;
		GRANT ALL ON books.elsewhere TO inspected`)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("inspected", "pass")
	s := begin(t, open(t, u.String(), nil))
	q := report.Extract{Name: "q", Path: "q.sql", SQL: `
		SELECT r.a FROM books.read r JOIN books."Written" w USING (a)
		 WHERE r.a IN (SELECT p.a FROM books.parts p) AND @period_start < @period_end`}
	got, err := s.Writable(t.Context(), q, march)
	if err != nil {
		t.Fatal(err)
	}
	want := []source.Writable{{Table: `books."Written"`, Rights: []string{"INSERT", "DELETE"}}, {Table: "books.parts", Rights: []string{"UPDATE"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// It was not run: the snapshot goes on.
	if got := text(t, s, "SELECT count(*)::text FROM books.read"); got != "0" {
		t.Errorf("got %q", got)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	execute(t, conn, "DROP OWNED BY inspected; DROP ROLE inspected") // the databases of all tests share their roles
}
