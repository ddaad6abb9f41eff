package faults_test

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/monthend/monthend/local/sqs"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/catalog"
	"github.com/monthend/monthend/schedule"
)

// clockedName is the report that schedules ask for.
const clockedName = "clocked-month"

// SetClock sets the clock of the stack's database, and it goes on from there, for every connection that was made after the first
// time. The machine's clock stays years away.
func (s *Stack) SetClock(text string) {
	s.tb.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		s.tb.Fatal(err)
	}
	s.Exec(`CREATE SCHEMA IF NOT EXISTS clock`)
	s.Exec(`CREATE TABLE IF NOT EXISTS clock.set (off interval NOT NULL)`)
	s.Exec(`CREATE OR REPLACE FUNCTION clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
		'SELECT pg_catalog.clock_timestamp() + off FROM clock.set'`)
	s.Exec(`TRUNCATE clock.set`)
	s.Exec(`INSERT INTO clock.set VALUES ($1::timestamptz - pg_catalog.clock_timestamp())`, at)
	s.Exec(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = clock, pg_catalog, public', current_database()); END $$`)
}

// clocked starts a stack whose database shows a time, and in which the schedules have been known for a month then.
func clocked(t *testing.T, at string) *Stack {
	t.Helper()
	s := NewStack(t, StackConfig{})
	s.SetClock(at)
	books, err := ledger.Open(t.Context(), ledger.Config{URL: s.Database()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(books.Close)
	s.round(books)
	s.Exec(`UPDATE monthend.schedules SET first_seen_at = first_seen_at - interval '1 month'`)
	return s
}

// definition is the report of the schedules.
func (s *Stack) definition() report.Definition {
	s.tb.Helper()
	definitions, err := report.NewCatalog(catalog.FS, os.DirFS(s.Reports))
	if err != nil {
		s.tb.Fatal(err)
	}
	def, err := definitions.Get(clockedName)
	if err != nil {
		s.tb.Fatal(err)
	}
	return def
}

// round is one look of a scheduler that has just started.
func (s *Stack) round(books *ledger.Store) {
	s.tb.Helper()
	scheduler, err := schedule.New(schedule.Config{Ledger: books, Definitions: []report.Definition{s.definition()}})
	if err == nil {
		_, err = scheduler.Round(s.tb.Context())
	}
	if err != nil {
		s.tb.Fatal(err)
	}
}

// NewScheduler is a process of `monthend schedule`, not started yet.
func (s *Stack) NewScheduler(name string) *Worker {
	w := s.NewWorker(name)
	w.Args = []string{"schedule"}
	return w
}

// fired are the firings of a schedule, by period.
func (s *Stack) fired(name string) map[string]ledger.PastFiring {
	s.tb.Helper()
	firings, err := s.Ledger.Firings(s.tb.Context(), clockedName+"/"+name)
	if err != nil {
		s.tb.Fatal(err)
	}
	out := map[string]ledger.PastFiring{}
	for _, f := range firings {
		out[f.Period.String()] = f
	}
	return out
}

// asked adds what schedules have asked for to the requests whose end Check waits for, and answers with them.
func (s *Stack) asked() []Sent {
	s.tb.Helper()
	asked := s.outbox()
	for _, sent := range asked {
		s.keep(sent)
	}
	return asked
}

// outbox is what stands in the outbox.
func (s *Stack) outbox() []Sent {
	s.tb.Helper()
	ctx := context.WithoutCancel(s.tb.Context())
	conn, err := pgx.Connect(ctx, s.Database())
	if err != nil {
		s.tb.Fatal(err)
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, `SELECT request_id, body FROM monthend.outbox ORDER BY period, request_id`)
	if err != nil {
		s.tb.Fatal(err)
	}
	var out []Sent
	var id, body string
	_, err = pgx.ForEachRow(rows, []any{&id, &body}, func() error {
		job, err := report.DecodeJob([]byte(body))
		out = append(out, Sent{RequestID: id, Job: job})
		return err
	})
	if err != nil {
		s.tb.Fatal(err)
	}
	return out
}

// firesOnce: nobody's clock but the database's counts, and that may be ten minutes off as well.
func firesOnce(t *testing.T) {
	s := clocked(t, "2024-01-20T00:00:00Z")
	books, err := ledger.Open(t.Context(), ledger.Config{URL: s.Database()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(books.Close)
	for _, c := range []struct{ schedule, period, at string }{
		{"ahead", "2024-01", "2024-01-31T23:00:00Z"},  // there it is the 1st since 10:00Z, but January goes on in Prague
		{"behind", "2024-01", "2024-02-01T10:00:00Z"}, // midnight in Honolulu
		{"last", "2024-01", "2024-02-29T05:00:00Z"},   // "day 31" of a leap year's February
		{"night", "2024-02", "2024-03-31T01:00:00Z"},  // 02:30 is jumped over: at 03:00 CEST
		{"last", "2024-02", "2024-03-31T04:00:00Z"},
		{"fifth", "2024-04", "2024-05-05T04:00:00Z"},
		{"last", "2024-08", "2024-09-30T04:00:00Z"},  // there is no 31st
		{"night", "2024-09", "2024-10-27T00:30:00Z"}, // 02:30 comes twice: the first one
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		for _, early := range []time.Duration{10 * time.Minute, 5 * time.Second} {
			s.SetClock(at.Add(-early).Format(time.RFC3339))
			s.round(books)
			if f, ok := s.fired(c.schedule)[c.period]; ok {
				t.Errorf("%s of %s fired at %s, %s early", c.period, c.schedule, f.FiredAt, early)
			}
		}
		for _, late := range []time.Duration{0, time.Hour, 10 * time.Minute} { // the clock is set back, over the hour that comes twice
			s.SetClock(at.Add(late).Format(time.RFC3339))
			s.round(books)
		}
		f, ok := s.fired(c.schedule)[c.period]
		if !ok || !f.DueAt.Equal(at) || f.FiredAt.Before(at) || f.FiredAt.After(at.Add(time.Minute)) {
			t.Errorf("%s of %s: got %+v, want it fired at %s", c.period, c.schedule, f, c.at)
		}
	}
	asked := s.asked()
	seen := map[string]bool{}
	for _, sent := range asked {
		if key := sent.Job.Schedule + " " + sent.Job.Period; seen[key] {
			t.Errorf("%s is asked for twice", key)
		} else {
			seen[key] = true
		}
	}
	s.StartWorker("only")
	if got := s.CheckHurried(); got.Published != len(asked) || len(asked) < 30 {
		t.Errorf("got %s of %d asked for, want all published", got, len(asked))
	}
}

// schedulersRace: both are about to write the same row.
func schedulersRace(t *testing.T) {
	s := clocked(t, "2024-02-05T06:00:00Z")
	var both sync.WaitGroup
	both.Add(2)
	var processes []*Worker
	for _, name := range []string{"one", "two"} {
		w := s.NewScheduler(name)
		w.Ledger.Set(Trap{Text: "monthend.fire(", Do: func() Verdict {
			both.Done()
			both.Wait()
			return Pass()
		}})
		w.Start()
		processes = append(processes, w)
	}
	for _, w := range processes {
		w.Await("that it looks", says("scheduling"))
	}
	s.Until("all that is due", func(context.Context) bool {
		return len(s.fired("fifth"))+len(s.fired("ahead"))+len(s.fired("behind")) == 3
	})
	s.StartWorker("worker")
	asked := s.asked()
	if got := s.CheckHurried(); got.Jobs != len(asked) || got.Published != got.Jobs {
		t.Errorf("got %s of %d asked for", got, len(asked))
	}
	said := 0
	for _, w := range processes {
		if code := w.Stop(); code != 0 {
			t.Errorf("got exit code %d, want 0", code)
		}
		said += len(w.Said(says("schedule fired")))
	}
	if said != len(asked) {
		t.Errorf("%d firings are told, want %d, each by one of the two", said, len(asked))
	}
}

// leaderPaused: it has decided to fire, and its statement is on its way, when the whole process stops. Another does it meanwhile.
func leaderPaused(t *testing.T) {
	s := clocked(t, "2024-02-05T06:00:00Z")
	first := s.NewScheduler("first")
	hold := NewHold(t)
	first.Ledger.Set(Trap{Text: "monthend.fire(", Do: func() Verdict {
		first.Freeze()
		return hold.Do()
	}})
	first.Start()
	hold.Wait()
	second := s.NewScheduler("second")
	second.Start()
	s.Until("all that is due", func(context.Context) bool {
		return len(s.fired("fifth"))+len(s.fired("ahead"))+len(s.fired("behind")) == 3
	})
	asked := s.asked()
	s.SetClock("2024-02-05T18:00:00Z") // it was away for half a day
	first.Thaw()
	hold.Release()
	first.Await("that it goes on", says("scheduling"))
	s.StartWorker("worker")
	if got := s.CheckHurried(); got.Published != len(asked) {
		t.Errorf("got %s, want all %d published", got, len(asked))
	}
	first.Stop()
	if n := len(first.Said(says("schedule fired"))); n != 0 {
		t.Errorf("the paused one says that it fired %d times", n)
	}
	if again := s.outbox(); len(again) != len(asked) {
		t.Errorf("%d are asked for, want %d", len(again), len(asked))
	}
}

// schedulerDown: over four due days.
func schedulerDown(t *testing.T) {
	s := clocked(t, "2024-02-05T06:00:00Z")
	down := s.NewScheduler("down")
	down.Start()
	down.Await("that it has asked", func(e Entry) bool { return says("schedule fired")(e) && e.Text("schedule") == clockedName+"/fifth" })
	down.Kill()
	s.SetClock("2024-07-10T00:00:00Z")
	w := s.NewWorker("worker")
	w.Args = []string{"work", "--with-schedule"}
	w.Start()
	missed := w.Await("what it missed", func(e Entry) bool {
		return says("schedule missed")(e) && e.Text("schedule") == clockedName+"/fifth"
	})
	if got := missed.Text("period"); got != "2024-02" {
		t.Errorf("missed is %s, want February, which was due 127 days ago", got)
	}
	s.Until("all that is due", func(context.Context) bool { return len(s.fired("fifth")) == 6 && len(s.fired("behind")) == 6 })
	for period, caught := range map[string]bool{"2024-01": true, "2024-02": false, "2024-03": false, "2024-04": true, "2024-05": true, "2024-06": true} {
		if f := s.fired("fifth")[period]; (f.RequestID != "") != caught {
			t.Errorf("%s: got %+v, want it asked for: %t", period, f, caught)
		}
	}
	asked := s.asked()
	if got := s.CheckHurried(); got.Published != len(asked) {
		t.Errorf("got %s, want all %d published", got, len(asked))
	}
	w.Stop()
	again := s.NewScheduler("again")
	again.Start()
	again.Await("that it looks", says("scheduling"))
	again.Stop()
	if after := s.outbox(); len(after) != len(asked) {
		t.Errorf("a scheduler that starts again asks for %d, want %d as before", len(after), len(asked))
	}
}

// sendUnknown: SQS takes the messages and the answer is lost, then the scheduler is killed over the next send.
func sendUnknown(t *testing.T) {
	s := clocked(t, "2024-02-05T06:00:00Z")
	lost, err := s.SQS.Inject(sqs.Fault{Kind: sqs.Lost, Operation: "SendMessageBatch", Count: 1})
	if err != nil {
		t.Fatal(err)
	}
	first := s.NewScheduler("first")
	first.SQS.Set(Trap{Text: "SendMessageBatch", Answer: true, Skip: 1, Do: first.Killed})
	first.Start()
	<-first.done
	if lost.Struck() != 1 {
		t.Errorf("%d answers were lost, want 1", lost.Struck())
	}
	asked := s.asked()
	s.SetClock("2024-02-05T06:05:00Z") // whoever sends has had its time
	second := s.NewScheduler("second")
	second.Start()
	second.Await("that it looks", says("scheduling"))
	s.Until("each message sent and known to be", func(ctx context.Context) bool {
		n := 0
		s.query(ctx, &n, `SELECT count(*) FROM monthend.outbox WHERE sent_at IS NULL`)
		return n == 0
	})
	// How many of them had been posted when the first batch left hangs on the machine; those were sent again.
	if d := s.Depth(t.Context()); d.Waiting <= len(asked) {
		t.Errorf("%d messages for %d requests: nothing was sent twice, which this test is about", d.Waiting, len(asked))
	}
	w := s.NewWorker("worker")
	w.Env["MONTHEND_CONCURRENCY"] = "4"
	w.Start()
	if got := s.CheckHurried(); got.Published != len(asked) {
		t.Errorf("got %s, want all %d published", got, len(asked))
	}
	s.wantAttempts(asked[0], 1, 0)
}

// CheckHurried is Check for requests that wait for each other: the queue's clock is moved on a delay each second.
func (s *Stack) CheckHurried() Tally {
	s.tb.Helper()
	second := time.NewTicker(time.Second)
	defer second.Stop()
	s.Until("an empty queue", func(ctx context.Context) bool {
		select {
		case <-second.C:
			s.SQS.Advance(visibility)
		default:
		}
		done := true
		for _, sent := range s.Sent() {
			r, err := s.Ledger.Request(ctx, sent.RequestID)
			done = done && err == nil && r.Outcome != ""
		}
		d := s.Depth(ctx)
		return done && d.Waiting+d.InFlight+d.Delayed == 0
	})
	return s.Check()
}

// query reads one value past the workers' wires.
func (s *Stack) query(ctx context.Context, into any, sql string) {
	conn, err := pgx.Connect(ctx, s.Database())
	if err != nil {
		return // the caller asks again
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_ = conn.QueryRow(ctx, sql).Scan(into)
}
