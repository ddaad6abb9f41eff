package pgtest_test

import (
	"bytes"
	"os"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/monthend/monthend/local/postgres/pgtest"
)

// The tests of this package run again in a process of their own, against a server that they are given.

func TestGivenServer(t *testing.T) {
	const given = "MONTHEND_TEST_DATABASE_URL"
	if os.Getenv(given) != "" {
		return // this is that process, or the whole run has a server
	}
	url, temp := pgtest.Database(t), t.TempDir()
	conn := connect(t, url)
	before := databases(t, conn)
	cmd := exec.Command(os.Args[0], "-test.v")
	cmd.Env = []string{given + "=" + url, "TMPDIR=" + temp}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if diff := cmp.Diff(before, databases(t, conn)); diff != "" {
		t.Errorf("databases left (-before +after):\n%s", diff)
	}
	if entries, err := os.ReadDir(temp); err != nil || len(entries) != 0 {
		t.Errorf("something was started: %v (%v)", entries, err)
	}
}

func TestGivenURLIsChecked(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=TestDatabasesAreApart")
	cmd.Env = []string{"MONTHEND_TEST_DATABASE_URL=host=x password=secret"}
	out, err := cmd.CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("MONTHEND_TEST_DATABASE_URL is not a postgres:// URL")) || bytes.Contains(out, []byte("secret")) {
		t.Errorf("got %v: %s", err, out)
	}
}

func databases(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), "SELECT datname FROM pg_database ORDER BY datname")
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return names
}
