package pipeline_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/local/postgres/pgtest"
	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/report"
)

// Fault 14: a source that restarts in mid-extraction puts the run back; the next attempt reads all of it again in one
// snapshot, none of it from before.
func TestSourceRestarts(t *testing.T) {
	var told log
	w := newWorld(t, worldConfig{alter: func(c *pipeline.Config) { c.Progress = told.tell }})
	admin := w.admin()
	restarted := false
	told.listen = func(p pipeline.Progress) {
		if p.Stage == pipeline.StageExtract && p.Step != "" && !restarted {
			restarted = true
			if _, err := admin.Exec(t.Context(), endOthers); err != nil {
				t.Error(err)
			}
		}
	}
	asking := w.asking(march)
	result := w.runner.Run(t.Context(), asking)
	if result.Outcome != "" || result.Lost || result.RetryAfter <= 0 || !source.IsTransient(result.Err) {
		t.Fatalf("got %+v, want it put back for a passing error of the source", result)
	}
	w.lateRow()
	asking.Delivered = 2
	if again := w.runner.Run(t.Context(), asking); again.Outcome != report.Published || again.RunID != result.RunID {
		t.Fatalf("got %q, %v, want the run published", again.Outcome, again.Err)
	}
	clean := newWorld(t, worldConfig{})
	clean.lateRow()
	clean.publish(march)
	want, got := tree(t, clean.dir), tree(t, w.dir)
	for _, files := range []map[string]string{want, got} {
		delete(files, marchFolder+"/current.json") // it names the attempt's manifest
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("it differs from a clean run:\n%s", diff)
	}
}

// Fault 19: a lock that is not given and a statement that takes too long are errors that pass. The lease is renewed
// meanwhile.
func TestSourceTimeouts(t *testing.T) {
	for _, c := range []struct{ name, setting, value, want string }{
		{"Lock", "lock_timeout", "2s", "lock timeout"},
		{"Statement", "statement_timeout", "2s", "statement timeout"},
	} {
		t.Run(c.name, func(t *testing.T) {
			database := pgtest.Cloned(t, company)
			limited, err := url.Parse(database)
			if err != nil {
				t.Fatal(err)
			}
			query := limited.Query()
			query.Set(c.setting, c.value)
			limited.RawQuery = query.Encode()
			rows, err := source.OpenPostgres(t.Context(), limited.String(), nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(rows.Close)
			w := newWorld(t, worldConfig{url: database, alter: func(cfg *pipeline.Config) {
				cfg.RenewEvery, cfg.Source = 50*time.Millisecond, rows
			}})
			w.lock(`LOCK TABLE finance.transactions IN ACCESS EXCLUSIVE MODE`)
			result := w.run(march)
			if result.Outcome != "" || result.RetryAfter <= 0 || !source.IsTransient(result.Err) || !strings.Contains(result.Err.Error(), c.want) {
				t.Fatalf("got %q, %v; want it put back for a %s", result.Outcome, result.Err, c.want)
			}
			run, err := w.ledger.Run(t.Context(), result.RunID)
			if err != nil || run.Stage != string(pipeline.StageExtract) || run.Owner != "" {
				t.Errorf("got run %+v, %v; want it renewed in the extraction, then released", run, err)
			}
		})
	}
}
