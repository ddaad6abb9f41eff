package ledger_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/monthend/monthend/local/postgres/pgtest"
	"github.com/monthend/monthend/pipeline/ledger"
)

func TestInspect(t *testing.T) {
	b := setup(t)
	ahead := func() time.Time { return time.Now().Add(10 * time.Minute) }
	got, err := ledger.Inspect(t.Context(), b.url, ahead)
	if err != nil || got.Schema != nil || !got.Superuser || !got.Migrates || len(got.Missing) > 0 || got.Server == "" || got.Role == "" {
		t.Errorf("got %+v, %v", got, err)
	}
	// Both clocks are this machine's, so it is known to half of the trip.
	if off := got.Skew - 10*time.Minute; off < -got.Trip/2-time.Millisecond || off > got.Trip/2+time.Millisecond {
		t.Errorf("got a skew of %s by a trip of %s, want 10m", got.Skew, got.Trip)
	}
	if _, err := b.sql.Exec(t.Context(), `UPDATE monthend.schema SET version = 99999, min_worker = 99999`); err != nil {
		t.Fatal(err)
	}
	if got, err = ledger.Inspect(t.Context(), b.url, nil); err != nil || !errors.Is(got.Schema, ledger.ErrSchemaNew) {
		t.Errorf("got %+v, %v; want ErrSchemaNew", got, err)
	}
}

func TestInspectWithoutLedger(t *testing.T) {
	t.Parallel()
	got, err := ledger.Inspect(t.Context(), pgtest.Database(t), nil)
	if err != nil || !errors.Is(got.Schema, ledger.ErrSchemaOld) {
		t.Errorf("got %+v, %v; want ErrSchemaOld", got, err)
	}
	var unreachable *ledger.UnreachableError
	if _, err := ledger.Inspect(t.Context(), "postgres://me:secret@127.0.0.1:1/x", nil); !errors.As(err, &unreachable) || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v, want that it cannot be reached", err)
	}
}

// TestInspectMends gives a role what is told to be missing, step by step, until nothing is: the statements must be what they say.
func TestInspectMends(t *testing.T) {
	b := setup(t)
	exec := func(statement string) {
		t.Helper()
		if _, err := b.sql.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	exec(`CREATE ROLE "wörk-er" LOGIN PASSWORD 'pass'`)
	t.Cleanup(func() { // the databases of all tests share their roles
		_, _ = b.sql.Exec(t.Context(), `DROP OWNED BY "wörk-er"; DROP ROLE "wörk-er"`)
	})
	url := as(t, b.url, "wörk-er", "pass")
	for step := 0; ; step++ {
		got, err := ledger.Inspect(t.Context(), url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Missing) == 0 {
			if step != 2 || got.Migrates || got.Superuser || got.Schema != nil {
				t.Errorf("after %d steps: %+v", step, got)
			}
			return
		}
		if step > 5 {
			t.Fatalf("still missing: %q", got.Missing)
		}
		for _, grant := range got.Missing {
			exec(grant)
		}
	}
}

// as is the url for another role.
func as(t testing.TB, database, role, password string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(role, password)
	return u.String()
}
