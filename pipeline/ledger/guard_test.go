package ledger_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// What must be true of every run holds whoever writes: each statement here would break it, and is refused by the schema.
func TestGuards(t *testing.T) {
	b := setup(t)
	first := mustClaim(t, b.Store, b.ask())
	mustPublish(t, b.Store, first)
	c := mustClaim(t, b.Store, b.restatement("late rows"))
	mustPublish(t, b.Store, c)
	failing := b.ask()
	failing.Key.Period = march.Period.Add(1)
	unended := mustClaim(t, b.Store, failing)
	if _, err := b.AllocateVersion(t.Context(), unended, 0); err != nil {
		t.Fatal(err)
	}

	for name, test := range map[string]struct {
		sql  string
		args []any
	}{
		"second outcome of a request":      {`UPDATE monthend.requests SET outcome = 'failed' WHERE outcome = 'published'`, nil},
		"outcome taken back":               {`UPDATE monthend.requests SET outcome = NULL, ended_at = NULL WHERE outcome = 'published'`, nil},
		"ended request under another run":  {`UPDATE monthend.requests SET run_id = $1 WHERE run_id = $2`, []any{c.RunID, first.RunID}},
		"outcome unheard of":               {`UPDATE monthend.requests SET outcome = 'done', ended_at = now() WHERE run_id = $1`, []any{unended.RunID}},
		"outcome without an end":           {`UPDATE monthend.requests SET outcome = 'failed' WHERE run_id = $1`, []any{unended.RunID}},
		"request of another key's run":     {`UPDATE monthend.requests SET run_id = $1 WHERE run_id = $2`, []any{c.RunID, unended.RunID}},
		"second unended run of a key":      {`INSERT INTO monthend.runs (run_id, report, period, restate, attempt, token, created_at) VALUES ('x', 'monthly-financials', '2026-04', false, 0, 0, now())`, nil},
		"token that shrinks":               {`UPDATE monthend.runs SET token = 0 WHERE run_id = $1`, []any{unended.RunID}},
		"version of a run changed":         {`UPDATE monthend.runs SET version = version + 1 WHERE run_id = $1`, []any{unended.RunID}},
		"version of a run twice in a key":  {`INSERT INTO monthend.runs (run_id, report, period, restate, attempt, token, version, outcome, created_at, ended_at) VALUES ('x', 'monthly-financials', '2026-03', false, 0, 0, 2, 'failed', now(), now())`, nil},
		"published run reopened":           {`UPDATE monthend.runs SET outcome = NULL, ended_at = NULL WHERE run_id = $1`, []any{c.RunID}},
		"ended run under a lease":          {`UPDATE monthend.runs SET owner = 'x', lease_until = now() WHERE run_id = $1`, []any{c.RunID}},
		"lease of nobody":                  {`UPDATE monthend.runs SET owner = NULL WHERE run_id = $1`, []any{unended.RunID}},
		"run that is a duplicate":          {`UPDATE monthend.runs SET outcome = 'duplicate', ended_at = now(), owner = NULL, lease_until = NULL WHERE run_id = $1`, []any{unended.RunID}},
		"version altered":                  {`UPDATE monthend.versions SET path = 'elsewhere'`, nil},
		"second version of a run":          {`INSERT INTO monthend.versions SELECT report, tenant, period, 9, run_id, content_digest, data_digest, path, manifest, reason, previous, published_at FROM monthend.versions WHERE version = 2`, nil},
		"current version goes back":        {`UPDATE monthend.current SET version = 1`, nil},
		"current version of nothing":       {`UPDATE monthend.current SET version = 7`, nil},
		"current version lost":             {`DELETE FROM monthend.current`, nil},
		"second current version of a key":  {`INSERT INTO monthend.current (report, period, version) VALUES ('monthly-financials', '2026-03', 1)`, nil},
		"current version deleted":          {`DELETE FROM monthend.versions WHERE version = 2`, nil},
		"report that is no name":           {`UPDATE monthend.runs SET report = '../x' WHERE run_id = $1`, []any{unended.RunID}},
		"tenant that is no name":           {`UPDATE monthend.runs SET tenant = '.x' WHERE run_id = $1`, []any{unended.RunID}},
		"month 13":                         {`UPDATE monthend.runs SET period = '2026-13' WHERE run_id = $1`, []any{unended.RunID}},
		"second open attempt":              {`INSERT INTO monthend.attempts (run_id, attempt, token, claim_id, owner, started_at) VALUES ($1, 2, 999, 'x', 'x', now())`, []any{unended.RunID}},
		"attempt that crashed and goes on": {`UPDATE monthend.attempts SET crashed = true WHERE run_id = $1`, []any{unended.RunID}},
		"published by ending":              {`SELECT monthend.end_run($1, $2, $3, 'published', '', 0, 0)`, []any{unended.RunID, unended.Token, unended.Owner}},
	} {
		_, err := b.sql.Exec(t.Context(), test.sql, test.args...)
		var refused *pgconn.PgError
		if !errors.As(err, &refused) || refused.Code[:2] != "23" {
			t.Errorf("%s: got %v, want it refused as an integrity violation", name, err)
		}
	}
	// After all that the ledger is as it was.
	if v, ok, err := b.Current(t.Context(), march); err != nil || !ok || v.Number != 2 {
		t.Errorf("got %+v, %v; want version 2", v, err)
	}
	if err := b.End(t.Context(), unended, ledger.Ending{Outcome: report.Failed}); err != nil {
		t.Error(err)
	}
}
