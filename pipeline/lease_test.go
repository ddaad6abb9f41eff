package pipeline_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/monthend/monthend/local/postgres/pgtest"
	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/report"
)

// holding keeps its first Put until the context of its work ends.
type holding struct {
	store.Store
	held    *atomic.Bool
	reached chan struct{}
	ended   chan time.Time // when its context did; nil tells nobody
}

func (s holding) Put(ctx context.Context, path, file string, sum store.Sum) error {
	if s.held.CompareAndSwap(false, true) {
		close(s.reached)
		<-ctx.Done()
		if s.ended != nil {
			s.ended <- time.Now()
		}
		return context.Cause(ctx)
	}
	return s.Store.Put(ctx, path, file, sum)
}

// A ledger that cannot be reached ends the work 12 s after the last successful renewal was sent; the message is put back, and
// nothing is published. When the ledger answers again it is told, so that its outage is nobody's crash. The numbers are the
// defaults, and real time passes.
func TestFence(t *testing.T) {
	t.Parallel()
	url := pgtest.Cloned(t, company)
	wire := newLine(t, url)
	reached, ended, fence := make(chan struct{}), make(chan time.Time, 1), make(chan time.Time, 1)
	w := newWorld(t, worldConfig{url: url, ledger: wire.url, definitions: definition(short, short), alter: func(c *pipeline.Config) {
		c.Store = holding{c.Store, &atomic.Bool{}, reached, ended}
	}})
	asking := w.asking(report.Job{Report: "small", Period: "2026-03"})
	began := time.Now()
	done := make(chan pipeline.Result, 1)
	go func() { done <- w.runner.Run(t.Context(), asking) }()
	<-reached
	wire.down()
	// The last renewal that succeeded was sent before this. A timer of the test's own is as late as a busy machine has timers be.
	timer := time.AfterFunc(12*time.Second, func() { fence <- time.Now() })
	defer timer.Stop()
	result := <-done

	if result.Outcome != "" || result.Lost || result.RetryAfter <= 0 || !errors.Is(result.Err, pipeline.ErrUnrenewed) {
		t.Fatalf("got %+v, want it put back because the lease was not renewed", result)
	}
	stopped := <-ended
	if late := stopped.Sub(<-fence); stopped.Sub(began) < 12*time.Second || late > 3*time.Second {
		t.Errorf("it stopped after %s, %s after a timer of 12 s, want it at the fence: 3 s later somebody else may work", stopped.Sub(began), late)
	}
	wire.up()
	asking.Delivered = 2
	again := w.runner.Run(t.Context(), asking)
	if again.Outcome != report.Published || again.RunID != result.RunID {
		t.Fatalf("got %q of run %q, %v; want run %q published", again.Outcome, again.RunID, again.Err, result.RunID)
	}
	attempts := w.attempts(again.RunID)
	if len(attempts) != 2 || attempts[0].Crashed || attempts[1].Alone {
		t.Errorf("got attempts %+v, want two, no crash, no suspicion", attempts)
	}
}

// A lease that was taken over while its owner was cut off is another's: the work stops, and the crash that was counted
// against it is struck.
func TestTakenOverWhileCutOff(t *testing.T) {
	url := pgtest.Cloned(t, company)
	wire := newLine(t, url)
	reached := make(chan struct{})
	w := newWorld(t, worldConfig{url: url, ledger: wire.url, definitions: definition(short, short), alter: func(c *pipeline.Config) {
		c.Store = holding{c.Store, &atomic.Bool{}, reached, nil}
		c.RenewEvery, c.LookEvery, c.FenceAfter = time.Second, time.Second, time.Hour
	}})
	asking := w.asking(report.Job{Report: "small", Period: "2026-03"})
	done := make(chan pipeline.Result, 1)
	go func() { done <- w.runner.Run(t.Context(), asking) }()
	<-reached
	wire.down()
	w.exec(`UPDATE monthend.runs SET lease_until = clock_timestamp() - interval '1 second'`)
	other := newWorld(t, worldConfig{url: url, dir: w.dir, definitions: definition(short, short)})
	if result := other.runner.Run(t.Context(), asking); result.Outcome != report.Published {
		t.Fatalf("the other worker got %q, %v, want published", result.Outcome, result.Err)
	}
	wire.up()
	if result := <-done; !result.Lost || result.Outcome != "" {
		t.Errorf("got %+v, want a lost lease", result)
	}
	if got := w.runner.Counters(); got.Lost != 1 || got.RenewalFailures == 0 {
		t.Errorf("counters: got %+v, want one lost, after renewals that brought no answer", got)
	}
	attempts := other.attempts(other.only())
	if len(attempts) != 2 || attempts[0].Crashed || attempts[1].Outcome != report.Published {
		t.Errorf("got attempts %+v, want the crash struck", attempts)
	}
}

// only is the only run of the ledger.
func (w *world) only() string {
	w.t.Helper()
	runs, err := w.ledger.Runs(w.t.Context(), ledger.Filter{})
	if err != nil || len(runs) != 1 {
		w.t.Fatalf("got runs %+v, %v, want one", runs, err)
	}
	return runs[0].RunID
}

// admin is a connection that survives what it does to the others.
func (w *world) admin() *pgx.Conn {
	w.t.Helper()
	conn, err := pgx.Connect(w.t.Context(), w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close(context.WithoutCancel(w.t.Context())) })
	return conn
}

const endOthers = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`

// Fault 15: a primary that takes no writes any more is not published to, and the run is worked again where there is one that
// does.
func TestFailoverToReadOnly(t *testing.T) {
	var told log
	w := newWorld(t, worldConfig{definitions: definition(short, short), alter: func(c *pipeline.Config) { c.Progress = told.tell }})
	admin := w.admin()
	sql := func(statement string) {
		if _, err := admin.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	var database string
	if err := admin.QueryRow(t.Context(), `SELECT quote_ident(current_database())`).Scan(&database); err != nil {
		t.Fatal(err)
	}
	failed := false
	told.listen = func(p pipeline.Progress) {
		if p.Stage == pipeline.StagePublish && !failed {
			failed = true
			sql(`ALTER DATABASE ` + database + ` SET default_transaction_read_only = on`)
			sql(endOthers)
		}
	}
	asking := w.asking(report.Job{Report: "small", Period: "2026-03"})
	result := w.runner.Run(t.Context(), asking)
	if result.Outcome != "" || result.Lost || result.RetryAfter <= 0 {
		t.Fatalf("got %+v, want it put back", result)
	}
	var versions int
	if err := admin.QueryRow(t.Context(), `SELECT count(*) FROM monthend.versions`).Scan(&versions); err != nil || versions != 0 {
		t.Errorf("got %d versions, %v, want none", versions, err)
	}
	sql(`ALTER DATABASE ` + database + ` RESET default_transaction_read_only`)
	sql(endOthers)
	asking.Delivered = 2
	if again := w.runner.Run(t.Context(), asking); again.Outcome != report.Published || again.Version.Number != 1 {
		t.Errorf("got %q, version %d, %v; want version 1", again.Outcome, again.Version.Number, again.Err)
	}
}
