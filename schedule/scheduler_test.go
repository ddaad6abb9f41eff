package schedule_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/local/xray"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/schedule"
	"github.com/monthend/monthend/trace"
)

// TestThreeYears is TestTwentyYears with schedulers and a ledger, two of each report: months and fiscal quarters.
func TestThreeYears(t *testing.T) {
	b := setup(t, instant(t, "2024-01-20T12:00:00Z"))
	months, wantMonth := scheduleOf(t, "3rd business day", "02:30", "Europe/Prague", "cz", "Europe/Prague")
	quarters, wantQuarter := scheduleOf(t, "last sunday", "02:30", "Europe/Prague", "cz", "Europe/Prague")
	months.Name, quarters.Name, quarters.Every, quarters.YearStarts = "months", "quarters", report.EveryQuarter, time.February
	def := report.Definition{Name: "sales", Location: months.Location, Schedules: []report.Schedule{months, quarters}}
	random := rand.New(rand.NewPCG(2, 3))
	schedulers := []*schedule.Scheduler{b.scheduler(t, schedule.Config{}, def), b.scheduler(t, schedule.Config{}, def)}
	for now := instant(t, "2024-01-20T12:00:00Z"); now.Year() < 2027; now = now.Add(time.Duration(random.IntN(10*24*60)) * time.Minute) {
		b.set(t, now)
		i := random.IntN(2)
		if random.IntN(10) == 0 {
			schedulers[i] = b.scheduler(t, schedule.Config{}, def)
		}
		round(t, schedulers[i])
	}
	var want, got []string
	for p := (report.Period{Year: 2024, Month: time.January}); p.Year < 2026 || p.Month < time.November; p = p.Add(1) {
		want = append(want, fmt.Sprintf("sales/months %s %s", p, wantMonth.due(p.Year, p.Month).UTC().Format(time.RFC3339)))
		if p.Month%3 == 1 {
			want = append(want, fmt.Sprintf("sales/quarters %s %s", p, wantQuarter.due(p.Year, p.Month).UTC().Format(time.RFC3339)))
		}
	}
	for _, s := range def.Schedules {
		id := report.ScheduleID(def.Name, s)
		firings, err := b.Firings(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range firings {
			if f.Period.Year == 2026 && f.Period.Month >= time.November {
				continue // the walk ends when it likes
			}
			got = append(got, fmt.Sprintf("%s %s %s", id, f.Period, f.DueAt.Format(time.RFC3339)))
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("firings (-want +got):\n%s", diff)
	}
}

// Neither looks at its own clock: what one has asked for the other finds, whoever was paused meanwhile.
func TestTwoSchedulers(t *testing.T) {
	b := setup(t, instant(t, "2026-03-20T00:00:00Z"))
	def := monthly(t, "day 5", "06:00")
	var all []*schedule.Scheduler
	for range 6 {
		s := b.scheduler(t, schedule.Config{}, def)
		round(t, s) // each has met the schedule and waits for 5 April
		all = append(all, s)
	}
	b.set(t, instant(t, "2026-04-05T03:59:59Z"))
	if pause := round(t, all[0]); pause != time.Second {
		t.Errorf("a second before it is due the next look is in %s", pause)
	}
	if got := b.asked(t); len(got) > 0 {
		t.Fatalf("asked for %v before it is due", got)
	}
	b.set(t, instant(t, "2026-04-05T04:00:00Z"))
	var wg sync.WaitGroup
	for _, s := range all {
		wg.Go(func() {
			if _, err := s.Round(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, s := range all {
		round(t, s)
	}
	if got := b.asked(t); !slices.Equal(got, []string{"sales 2026-03"}) {
		t.Errorf("asked for %v, want March once", got)
	}
}

// Down for seven months: what is inside the window is asked for once each, in order; what is older is told and recorded.
func TestCatchUp(t *testing.T) {
	b := setup(t, instant(t, "2026-01-20T00:00:00Z"))
	def := monthly(t, "day 5", "06:00")
	round(t, b.scheduler(t, schedule.Config{}, def))
	b.set(t, instant(t, "2026-08-20T00:00:00Z"))
	var log bytes.Buffer
	s := b.scheduler(t, schedule.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}, def)
	for range 3 {
		round(t, s)
	}
	if got, want := b.asked(t), []string{"sales 2026-05", "sales 2026-06", "sales 2026-07"}; !slices.Equal(got, want) {
		t.Errorf("asked for %v, want %v", got, want)
	}
	for _, p := range []string{"2026-01", "2026-02", "2026-03", "2026-04"} {
		if n := strings.Count(log.String(), "monthend schedule backfill sales --from "+p+" --to "+p); n != 1 {
			t.Errorf("%s is told %d times, want once, with how to mend it:\n%s", p, n, &log)
		}
	}
	if _, err := schedule.New(schedule.Config{Ledger: b.Store, CatchUp: -1}); err == nil {
		t.Error("a catch-up below zero is taken")
	}
	if _, err := schedule.New(schedule.Config{}); err == nil {
		t.Error("no ledger is taken")
	}
}

// What a changed definition means: the month stays asked for; a day that has passed is caught up with; another rhythm is a new
// schedule, and a new schedule asks for nothing that was due before anybody knew of it.
func TestChangedDefinition(t *testing.T) {
	b := setup(t, instant(t, "2026-04-10T00:00:00Z"))
	day20, day5 := monthly(t, "day 20", "06:00"), monthly(t, "day 5", "06:00")
	round(t, b.scheduler(t, schedule.Config{}, day5))
	if got := b.asked(t); len(got) != 0 {
		t.Errorf("asked for %v, which was due before the schedule was known", got)
	}
	b.set(t, instant(t, "2026-05-10T00:00:00Z"))
	round(t, b.scheduler(t, schedule.Config{}, day20))
	if got := b.asked(t); len(got) != 1 { // March, due on 20 April, when the scheduler was down
		t.Errorf("asked for %v, want March", got)
	}
	round(t, b.scheduler(t, schedule.Config{}, day5))
	if got, want := b.asked(t), []string{"sales 2026-03", "sales 2026-04"}; !slices.Equal(got, want) {
		t.Errorf("moved to a day that has passed: asked for %v, want %v", got, want)
	}
	b.set(t, instant(t, "2026-05-21T00:00:00Z"))
	round(t, b.scheduler(t, schedule.Config{}, day20))
	quarters := monthly(t, "day 5", "06:00")
	quarters.Schedules[0].Every = report.EveryQuarter
	quarters.Schedules[0].YearStarts = time.February // April ends a quarter
	round(t, b.scheduler(t, schedule.Config{}, quarters))
	months := monthly(t, "day 5", "06:00")
	months.Schedules[0].Name = "other"
	round(t, b.scheduler(t, schedule.Config{}, months))
	if got := b.asked(t); len(got) != 2 {
		t.Errorf("asked for %v, want nothing more", got)
	}
}

// A firing is a trace of its own, and the message that asks carries its header.
func TestTrace(t *testing.T) {
	daemon, err := xray.Start(xray.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer daemon.Close()
	b := setup(t, instant(t, "2026-03-20T00:00:00Z"))
	tracer, err := trace.New(trace.Config{Address: daemon.UDPAddr()})
	if err != nil {
		t.Fatal(err)
	}
	def := monthly(t, "day 5", "06:00")
	one, two := b.scheduler(t, schedule.Config{Tracer: tracer}, def), b.scheduler(t, schedule.Config{Tracer: tracer}, def)
	round(t, one)
	round(t, two)
	b.set(t, instant(t, "2026-04-05T04:00:10Z"))
	round(t, one)
	round(t, two) // asks for nothing, and tells no trace of it
	if err := tracer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	var header, body, request string
	if err := b.sql.QueryRow(t.Context(), `SELECT trace_header, body, request_id FROM monthend.outbox`).Scan(&header, &body, &request); err != nil {
		t.Fatal(err)
	}
	if want := `{"v":1,"report":"sales","period":"2026-03","schedule":"sales","scheduled_at":"2026-04-05T04:00:00Z"}`; body != want {
		t.Errorf("the message is %s, want %s", body, want)
	}
	sum := sha256.Sum256([]byte("sales\n2026-04-05T04:00:00Z\nsales\n")) // schedule, scheduled_at, report, no tenant
	if job, err := report.DecodeJob([]byte(body)); err != nil || job.ID("a message") != hex.EncodeToString(sum[:]) || request != job.ID("") {
		t.Errorf("got job %+v of request %q, %v, want %x", job, request, err, sum)
	}
	root, _, _ := strings.Cut(strings.TrimPrefix(header, "Root="), ";")
	documents, err := daemon.Wait(t.Context(), root, func(all []trace.Document) bool { return len(all) > 0 && !all[0].InProgress })
	if err != nil || len(documents) != 1 || len(daemon.TraceIDs()) != 1 {
		t.Fatalf("trace %q has %d segments, %v; want one, in one trace", root, len(documents), err)
	}
	d := documents[0]
	want := map[string]any{"report": "sales", "period": "2026-03", "schedule": "sales", "scheduled_at": "2026-04-05T04:00:00Z", "late_ms": 10000.0}
	if diff := cmp.Diff(want, d.Annotations); diff != "" || d.Name != schedule.Segment || d.Fault || d.Error || d.ParentID != "" {
		t.Errorf("segment %+v; annotations (-want +got):\n%s", d, diff)
	}
	for _, v := range daemon.Violations() {
		t.Errorf("a document breaks the rules of X-Ray: %v", v)
	}
	if !strings.Contains(header, "Parent="+d.ID) || !strings.Contains(header, "Sampled=1") {
		t.Errorf("header %q is not of segment %s", header, d.ID)
	}
}

// Run looks again when it said it would, rides out a ledger that does not answer, and ends with its context.
func TestRun(t *testing.T) {
	b := setup(t, instant(t, "2026-03-20T00:00:00Z"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var log bytes.Buffer
	looks := 0
	s := b.scheduler(t, schedule.Config{
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Wait: func(_ context.Context, d time.Duration) {
			switch looks++; looks {
			case 1:
				b.exec(t, `ALTER FUNCTION clock.clock_timestamp() RENAME TO broken; CREATE FUNCTION clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT 1/0; SELECT now()'`)
			case 4:
				b.exec(t, `DROP FUNCTION clock.clock_timestamp(); ALTER FUNCTION clock.broken() RENAME TO clock_timestamp`)
				b.set(t, instant(t, "2026-04-05T04:00:00Z"))
			case 5:
				cancel()
			}
		},
	}, monthly(t, "day 5", "06:00"))
	if err := s.Run(ctx); err != context.Canceled {
		t.Errorf("got %v", err)
	}
	if got := b.asked(t); len(got) != 1 || looks != 5 {
		t.Errorf("asked for %v in %d looks, want March in 5", got, looks)
	}
	if n := strings.Count(log.String(), "schedules cannot be looked at"); n != 2 || !strings.Contains(log.String(), "looked at again") {
		t.Errorf("an outage of three looks is told %d times:\n%s", n, &log)
	}
}
