package source_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/monthend/monthend/pipeline/source"
)

// TestErrorsAreTransientOrPermanent has the server raise each error as it would.
func TestErrorsAreTransientOrPermanent(t *testing.T) {
	address, conn := database(t)
	execute(t, conn, `CREATE FUNCTION raise(code text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'raised' USING ERRCODE = code; END $$`)
	p := open(t, address, nil)
	for _, test := range []struct {
		code, what string
		transient  bool
		class      string
	}{
		{"40001", "serialization failure; a replica replays what the query still needs", true, "fault"},
		{"40P01", "deadlock", true, "fault"},
		{"08006", "connection lost", true, "fault"},
		{"53100", "disk full", true, "throttle"},
		{"53200", "out of memory", true, "throttle"},
		{"53300", "too many connections", true, "throttle"},
		{"55P03", "lock timeout", true, "fault"},
		{"57014", "statement timeout, or cancelled", true, "fault"},
		{"57P01", "the server shuts down", true, "fault"},
		{"57P02", "the server crashed", true, "fault"},
		{"57P03", "the server starts", true, "fault"},
		{"57P04", "the database was dropped on a replica", true, "fault"},
		{"57P05", "idle session", true, "fault"},
		{"58030", "I/O", true, "fault"},
		{"25P03", "idle in transaction", true, "fault"},
		{"25P04", "transaction timeout", true, "fault"},
		{"72000", "snapshot too old", true, "fault"},
		{"22012", "division by zero", false, "error"},
		{"25006", "read-only transaction", false, "error"},
		{"28P01", "wrong password", false, "error"},
		{"3D000", "no such database", false, "error"},
		{"42501", "not allowed", false, "error"},
		{"42P01", "no such table", false, "error"},
		{"P0001", "raised by a function", false, "error"},
		{"XX001", "corrupted data", false, "error"},
	} {
		_, _, err := query(begin(t, p), fmt.Sprintf("SELECT raise('%s')", test.code))
		var e *source.Error
		if !errors.As(err, &e) || e.Code != test.code {
			t.Errorf("%s: got %v", test.code, err)
			continue
		}
		if source.IsTransient(err) != test.transient || source.IsPermanent(err) == test.transient || e.TraceClass() != test.class {
			t.Errorf("%s, %s: transient %v, permanent %v, class %s", test.code, test.what, source.IsTransient(err), source.IsPermanent(err), e.TraceClass())
		}
	}
}

// TestLimitsOfASnapshot: they are those of the URL or our own, never the role's.
func TestLimitsOfASnapshot(t *testing.T) {
	address, conn := database(t)
	execute(t, conn, "ALTER ROLE CURRENT_USER IN DATABASE "+conn.Config().Database+" SET statement_timeout = '2s'")
	for _, test := range []struct{ parameters, want string }{
		{"", "1h|30s|10min"},
		{"&statement_timeout=0&idle_in_transaction_session_timeout=1h", "0|30s|1h"},
	} {
		p := open(t, address+test.parameters+"&pool_max_conns=1", nil)
		s := begin(t, p)
		got := text(t, s, "SELECT current_setting('statement_timeout') || '|' || current_setting('lock_timeout') || '|' || current_setting('idle_in_transaction_session_timeout')")
		if got != test.want {
			t.Errorf("%q: got %s, want %s", test.parameters, got, test.want)
		}
		if err := s.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}
