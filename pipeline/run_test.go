package pipeline_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/monthend/monthend/local/seed"
	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// exec changes the database as somebody else would.
func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	conn, err := pgx.Connect(w.t.Context(), w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(w.t.Context()))
	if _, err := conn.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatal(err)
	}
}

func TestPublish(t *testing.T) {
	w := newWorld(t, worldConfig{})
	result := w.publish(march)

	if result.Version.Number != 1 {
		t.Errorf("got version %d, want 1", result.Version.Number)
	}
	manifest, err := pipeline.ParseManifest(result.Version.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := manifest.Content.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if want := "monthly-financials/_/2026-03/v1-" + digest[:8]; result.Version.Path != want {
		t.Errorf("got path %q, want %q", result.Version.Path, want)
	}
	if len(manifest.Content.Files()) < 4 {
		t.Errorf("got files %v, want every format", manifest.Content.Files())
	}
	for _, file := range manifest.Content.Artifacts {
		data := w.file("monthly-financials/_/2026-03", file.Name)
		sum := sha256.Sum256(data)
		if got := hex.EncodeToString(sum[:]); got != file.SHA256 || int64(len(data)) != file.Bytes {
			t.Errorf("%s: got %d bytes with sha256 %s, the manifest says %d and %s", file.Name, len(data), got, file.Bytes, file.SHA256)
		}
	}
	var pointer struct{ Path string }
	if err := json.Unmarshal([]byte(tree(t, w.dir)["monthly-financials/_/2026-03/current.json"]), &pointer); err != nil {
		t.Fatal(err)
	}
	if pointer.Path != result.Version.Path {
		t.Errorf("current.json points to %q, want %q", pointer.Path, result.Version.Path)
	}
	for _, table := range manifest.Content.Rows {
		if table.Valid+table.Quarantined != table.Extracted {
			t.Errorf("%s: %d valid and %d in quarantine are not %d extracted", table.Name, table.Valid, table.Quarantined, table.Extracted)
		}
	}
}

func TestPublishFindsTheDirtOfTheMonth(t *testing.T) {
	w := newWorld(t, worldConfig{})
	result := w.publish(march)
	want, err := seed.Expected(march.Period)
	if err != nil || result.Extracted != int64(want.Rows) || result.Rejected != int64(want.Dirt.Rejected()) {
		t.Errorf("got %d extracted and %d rejected, want %d and %d", result.Extracted, result.Rejected, want.Rows, want.Dirt.Rejected())
	}
	quarantine, err := filepath.Glob(filepath.Join(w.dir, "quarantine", "monthly-financials", "_", "2026-03", result.RunID, "transactions-1.*"))
	if err != nil || len(quarantine) != 2 {
		t.Errorf("got quarantine files %v, %v, want CSV and Parquet", quarantine, err)
	}
}

func TestPublishedMonthIsAnsweredFromTheLedger(t *testing.T) {
	w := newWorld(t, worldConfig{})
	first := w.publish(march)
	w.exec(`DROP SCHEMA finance CASCADE`) // whoever still reads the source now is seen
	again := w.run(march)
	if again.Err != nil || again.Outcome != report.Duplicate {
		t.Fatalf("got %q, %v, want duplicate", again.Outcome, again.Err)
	}
	if again.RunID != first.RunID || again.Version.Number != 1 || again.Extracted != first.Extracted {
		t.Errorf("got run %q, version %d, %d rows; want those of the current version", again.RunID, again.Version.Number, again.Extracted)
	}
}

func TestRedeliveryIsSettledByItsOutcome(t *testing.T) {
	w := newWorld(t, worldConfig{})
	asking := w.asking(march)
	first := w.runner.Run(t.Context(), asking)
	asking.Delivered = 2
	again := w.runner.Run(t.Context(), asking)
	if first.Outcome != report.Published || again.Outcome != report.Published || again.RunID != first.RunID {
		t.Errorf("got %q then %q of runs %q and %q, want one published run", first.Outcome, again.Outcome, first.RunID, again.RunID)
	}
	runs, err := w.ledger.Runs(t.Context(), ledger.Filter{})
	if err != nil || len(runs) != 1 {
		t.Errorf("got %d runs, %v, want 1", len(runs), err)
	}
}

func TestSameInputSameBytes(t *testing.T) {
	one, two := newWorld(t, worldConfig{}), newWorld(t, worldConfig{})
	one.publish(march)
	// The same rows, lying in another order.
	two.exec(`CREATE TABLE finance.shuffled AS SELECT * FROM finance.transactions ORDER BY md5(row_id::text)`)
	two.exec(`TRUNCATE finance.transactions`)
	two.exec(`INSERT INTO finance.transactions OVERRIDING SYSTEM VALUE SELECT * FROM finance.shuffled`)
	two.publish(march)
	if diff := cmp.Diff(tree(t, one.dir), tree(t, two.dir)); diff != "" {
		t.Errorf("two runs over equal rows differ:\n%s", diff)
	}
}

func TestRestate(t *testing.T) {
	w := newWorld(t, worldConfig{})
	w.publish(march)
	restate := march
	restate.Restate, restate.Reason = true, "late invoice"

	same := w.run(restate)
	if same.Outcome != report.Unchanged || same.Version.Number != 1 {
		t.Fatalf("got %q, version %d, %v; want unchanged version 1", same.Outcome, same.Version.Number, same.Err)
	}

	w.exec(`UPDATE finance.transactions SET amount = amount + 0.01
		WHERE row_id = (SELECT min(row_id) FROM finance.transactions WHERE booked_at >= '2026-03-05' AND booked_at < '2026-03-06' AND amount > 1)`)
	changed := w.run(restate)
	if changed.Outcome != report.Published || changed.Version.Number != 2 {
		t.Fatalf("got %q, version %d, %v; want version 2 published", changed.Outcome, changed.Version.Number, changed.Err)
	}
	manifest, err := pipeline.ParseManifest(changed.Version.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	if manifest.Content.Reason != "late invoice" || manifest.Content.Previous == "" {
		t.Errorf("got reason %q after version %q, want the reason and the version before", manifest.Content.Reason, manifest.Content.Previous)
	}
	page := tree(t, w.dir)[changed.Version.Path+"/monthly-financials-2026-03.html"]
	if !strings.Contains(page, "late invoice") {
		t.Error("the restated document does not say why")
	}
}

func TestDataFailure(t *testing.T) {
	t.Run("GateShut", func(t *testing.T) {
		w := newWorld(t, worldConfig{})
		w.exec(`UPDATE finance.transactions SET amount = NULL WHERE row_id % 10 = 0 AND booked_at >= '2026-03-02'`)
		result := w.run(march)
		var verdict *pipeline.DataError
		if result.Outcome != report.DataFailed || !errors.As(result.Err, &verdict) {
			t.Fatalf("got %q, %v, want a verdict against the data", result.Outcome, result.Err)
		}
		if text := result.Err.Error(); !strings.Contains(text, "the gate is shut") || !strings.Contains(text, `"monthly-financials" 2026-03`) {
			t.Errorf("got %q, want the report, the month and the gate", text)
		}
		files := tree(t, filepath.Join(w.dir, "quarantine"))
		if len(files) != 2 {
			t.Errorf("got %d quarantine files, want the rows as CSV and Parquet", len(files))
		}
		if _, ok, err := w.ledger.Current(t.Context(), report.Key{Report: "monthly-financials", Period: report.Period{Year: 2026, Month: 3}}); ok || err != nil {
			t.Errorf("there is a current version, %v; want none", err)
		}
		run, err := w.ledger.Run(t.Context(), result.RunID)
		if err != nil || run.Outcome != report.DataFailed || run.Version != 0 {
			t.Errorf("got run %+v, %v; want data_failed without a version", run, err)
		}
	})
}

func TestBadJob(t *testing.T) {
	w := newWorld(t, worldConfig{})
	for _, c := range []struct {
		name string
		job  report.Job
		want string
	}{
		{"UnknownReport", report.Job{Report: "nonsense", Period: "2026-03"}, `"nonsense"`},
		{"FutureMonth", report.Job{Report: "monthly-financials", Period: "2126-03"}, "has not ended"},
		{"NoMonth", report.Job{Report: "monthly-financials", Period: "2026-13"}, "13"},
		{"RetryOfNothing", report.Job{Report: "monthly-financials", Period: "2026-03", Retry: "run_unknown"}, "retry"},
	} {
		t.Run(c.name, func(t *testing.T) {
			asking := w.asking(c.job)
			result := w.runner.Run(t.Context(), asking)
			if result.Outcome != report.Failed || result.Err == nil || !strings.Contains(result.Err.Error(), c.want) {
				t.Fatalf("got %q, %v; want failed for %s", result.Outcome, result.Err, c.want)
			}
			request, err := w.ledger.Request(t.Context(), asking.RequestID)
			if err != nil || request.Outcome != report.Failed || request.Error == "" {
				t.Errorf("got request %+v, %v; want it recorded as failed with its reason", request, err)
			}
		})
	}
}

func TestMonthThatEndsTomorrowWaits(t *testing.T) {
	w := newWorld(t, worldConfig{})
	now, err := w.ledger.Now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	prague, err := time.LoadLocation("Europe/Prague")
	if err != nil {
		t.Fatal(err)
	}
	local := now.In(prague)
	this := report.Period{Year: local.Year(), Month: local.Month()}
	_, end := this.Bounds(prague)
	result := w.run(report.Job{Report: "monthly-financials", Period: this.String()})
	var early *pipeline.NotEndedError
	if !errors.As(result.Err, &early) {
		t.Fatalf("got %v, want that the month has not ended", result.Err)
	}
	if end.Sub(now) > 24*time.Hour {
		if result.Outcome != report.Failed {
			t.Errorf("a month that ends in %s: got %q, want a bad job", end.Sub(now), result.Outcome)
		}
		return
	}
	if result.Outcome != "" || result.RetryAfter < 15*time.Minute || result.RetryAfter > 11*time.Hour {
		t.Errorf("a month that ends in %s: got %q and again in %s, want to wait 15 min to 11 h", end.Sub(now), result.Outcome, result.RetryAfter)
	}
}

func TestMistakeInSQLIsPermanent(t *testing.T) {
	w := newWorld(t, worldConfig{})
	w.exec(`ALTER TABLE finance.transactions RENAME COLUMN amount TO amounts`)
	result := w.run(march)
	if result.Outcome != report.Failed {
		t.Fatalf("got %q, %v, want failed at the first attempt", result.Outcome, result.Err)
	}
	for _, want := range []string{`extract "monthly-financials" 2026-03: query "transactions"`, "amount"} {
		if !strings.Contains(result.Err.Error(), want) {
			t.Errorf("got %q, want it to say %s", result.Err, want)
		}
	}
}

func TestTwoWorkersOneKey(t *testing.T) {
	entered, proceed := make(chan struct{}), make(chan struct{})
	first := newWorld(t, worldConfig{alter: func(c *pipeline.Config) {
		var once bool
		c.Progress = func(p pipeline.Progress) {
			if p.Stage == pipeline.StageValidate && !once {
				once = true
				close(entered)
				<-proceed
			}
		}
	}})
	second := newWorld(t, worldConfig{url: first.url, dir: first.dir})

	done := make(chan pipeline.Result, 1)
	go func() { done <- first.run(march) }()
	<-entered
	asking := second.asking(march)
	asking.RequestID = "req_second"
	busy := second.runner.Run(t.Context(), asking)
	var met *pipeline.BusyError
	if busy.Outcome != "" || !errors.As(busy.Err, &met) || busy.RetryAfter <= 0 || busy.RetryAfter > 15*time.Second {
		t.Errorf("got %q, %v, again in %s; want to wait for the other's lease", busy.Outcome, busy.Err, busy.RetryAfter)
	}
	close(proceed)
	if result := <-done; result.Outcome != report.Published {
		t.Fatalf("got %q, %v, want published", result.Outcome, result.Err)
	}
	// The request that waited was recorded as joined: it has the run's outcome without another delivery.
	request, err := second.ledger.Request(t.Context(), "req_second")
	if err != nil || request.Outcome != report.Published {
		t.Errorf("got request %+v, %v; want it published with the run it joined", request, err)
	}
}

func TestStoppedWorkerGivesTheRunBack(t *testing.T) {
	ctx, stop := context.WithCancelCause(t.Context())
	why := errors.New("told to stop")
	w := newWorld(t, worldConfig{alter: func(c *pipeline.Config) {
		c.Progress = func(p pipeline.Progress) {
			if p.Stage == pipeline.StageGenerate {
				stop(why)
			}
		}
	}})
	asking := w.asking(march)
	stopped := w.runner.Run(ctx, asking)
	if stopped.Outcome != "" || stopped.RetryAfter != 0 || stopped.Lost || !errors.Is(stopped.Err, why) {
		t.Fatalf("got %+v, want the run given back at once", stopped)
	}
	other := newWorld(t, worldConfig{url: w.url, dir: w.dir})
	asking.Delivered = 2
	result := other.runner.Run(t.Context(), asking)
	if result.Outcome != report.Published || result.RunID != stopped.RunID {
		t.Fatalf("got %q of run %q, %v; want run %q published", result.Outcome, result.RunID, result.Err, stopped.RunID)
	}
	attempts, err := w.ledger.Attempts(t.Context(), result.RunID)
	if err != nil || len(attempts) != 2 || attempts[0].Crashed {
		t.Errorf("got attempts %+v, %v; want two, the first released and no crash", attempts, err)
	}
}

func TestLostLeaseTouchesNothing(t *testing.T) {
	var w *world
	w = newWorld(t, worldConfig{alter: func(c *pipeline.Config) {
		c.RenewEvery, c.LookEvery, c.FenceAfter = time.Hour, time.Hour, 2*time.Hour // the commit is what finds it lost
		c.Progress = func(p pipeline.Progress) {
			if p.Stage == pipeline.StagePublish && p.Step == "" {
				// Frozen so long that the lease ran out and another worker took the run over.
				w.exec(`UPDATE monthend.runs SET lease_until = clock_timestamp() - interval '1 minute'`)
				other := newWorld(w.t, worldConfig{url: w.url, dir: w.dir})
				asking := other.asking(march)
				asking.RequestID = "req_thaw"
				if result := other.runner.Run(w.t.Context(), asking); result.Outcome != report.Published {
					w.t.Errorf("the other worker got %q, %v, want published", result.Outcome, result.Err)
				}
			}
		}
	}})
	result := w.run(march)
	if !result.Lost || result.Outcome != "" {
		t.Errorf("got %+v, want a lost lease", result)
	}
	versions, err := w.ledger.Versions(t.Context(), report.Key{Report: "monthly-financials", Period: report.Period{Year: 2026, Month: 3}})
	if err != nil || len(versions) != 1 {
		t.Errorf("got %d versions, %v, want the other's alone", len(versions), err)
	}
	if got, want := w.runner.Counters(), (pipeline.Counters{Lost: 1, FencedCommits: 1}); got != want {
		t.Errorf("counters: got %+v, want %+v", got, want)
	}
}
