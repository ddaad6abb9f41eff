package schedule_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/schedule"
)

// publish has a worker publish a month of the report.
func (b *bench) publish(t *testing.T, p report.Period) {
	t.Helper()
	key := report.Key{Report: "sales", Period: p}
	answer, err := b.Claim(t.Context(), ledger.Ask{RequestID: "by hand " + p.String(), Key: key})
	if err != nil || answer.Kind != ledger.Claimed {
		t.Fatalf("claim %s: %+v, %v", key, answer, err)
	}
	number, err := b.AllocateVersion(t.Context(), answer.Claim, 0)
	if err != nil {
		t.Fatal(err)
	}
	digest := fmt.Sprintf("%064x", number)
	_, err = b.Publish(t.Context(), answer.Claim, ledger.Publication{Number: number, ContentDigest: digest, DataDigest: digest, Path: key.Path() + "/v1", Manifest: []byte(`{}`)})
	if err != nil {
		t.Fatal(err)
	}
}

func TestStatuses(t *testing.T) {
	b := setup(t, instant(t, "2026-03-20T00:00:00Z"))
	def := monthly(t, "day 5", "06:00")
	look := func(want schedule.State) schedule.Status {
		t.Helper()
		all, err := schedule.Statuses(t.Context(), b.Store, []report.Definition{def, {Name: "unscheduled"}})
		if err != nil || len(all) != 1 || all[0].State != want {
			t.Fatalf("got %+v, %v, want one schedule that is %s", all, err, want)
		}
		return all[0]
	}
	if s := look(schedule.Unseen); !s.SeenSince.IsZero() || s.Last != nil || !s.LastSuccess.IsZero() {
		t.Errorf("got %+v of a schedule that nobody has met", s)
	}
	s := b.scheduler(t, schedule.Config{}, def)
	round(t, s)
	if s := look(schedule.Waiting); s.Next.Period.String() != "2026-03" || !s.Next.At.Equal(instant(t, "2026-04-05T04:00:00Z")) {
		t.Errorf("got next %v", s.Next)
	}
	b.set(t, instant(t, "2026-04-05T04:04:00Z"))
	look(schedule.Due)
	b.set(t, instant(t, "2026-04-05T04:06:00Z"))
	if s := look(schedule.Overdue); len(s.Due) != 1 || s.Due[0].Period.String() != "2026-03" || s.Next.Period.String() != "2026-04" {
		t.Errorf("got due %v and next %v", s.Due, s.Next)
	}
	round(t, s)
	if s := look(schedule.Waiting); s.Last == nil || s.Last.Period.String() != "2026-03" || s.LastAnswered != ledger.AnsweredAsked {
		t.Errorf("got last %+v, %q, want March, asked for", s.Last, s.LastAnswered)
	}
	b.publish(t, report.Period{Year: 2026, Month: time.March})
	b.set(t, instant(t, "2026-04-15T04:06:00Z"))
	if s := look(schedule.Waiting); s.SinceSuccess != 10*24*time.Hour || s.LastAnswered != ledger.AnsweredPublished {
		t.Errorf("got %s since the last success, %q, want ten days", s.SinceSuccess, s.LastAnswered)
	}
}

func TestDueNotPublished(t *testing.T) {
	b := setup(t, instant(t, "2026-03-20T00:00:00Z"))
	def := monthly(t, "day 5", "06:00")
	due := def.Schedules[0]
	due.Hour, due.Minute = 12, 0
	def.DueBy = &due
	look := func(want ...string) {
		t.Helper()
		missing, err := schedule.DueNotPublished(t.Context(), b.Store, []report.Definition{{Name: "other"}, def})
		got := []string{}
		for _, m := range missing {
			got = append(got, fmt.Sprintf("%s %s by %s, %s late", m.Report, m.Period, m.DueBy.UTC().Format(time.RFC3339), m.Late))
		}
		if diff := cmp.Diff(append([]string{}, want...), got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	look() // February, due before anybody asked, does not count
	b.set(t, instant(t, "2026-04-05T09:59:59Z"))
	look()
	b.set(t, instant(t, "2026-04-05T10:00:01Z"))
	look("sales 2026-03 by 2026-04-05T10:00:00Z, 1s late")
	b.set(t, instant(t, "2026-05-06T10:00:00Z"))
	look("sales 2026-03 by 2026-04-05T10:00:00Z, 744h0m0s late", "sales 2026-04 by 2026-05-05T10:00:00Z, 24h0m0s late")
	b.publish(t, report.Period{Year: 2026, Month: time.March})
	look("sales 2026-04 by 2026-05-05T10:00:00Z, 24h0m0s late")
	b.set(t, instant(t, "2027-05-07T10:00:00Z"))
	missing, err := schedule.DueNotPublished(t.Context(), b.Store, []report.Definition{def})
	if err != nil || len(missing) != 12 || missing[0].Period.String() != "2026-05" {
		t.Errorf("a year later: got %v, %v, want twelve months from May on", missing, err)
	}
}

// A scheduler meets a due_by too: who looks only months later is told of what was due in between.
func TestDueByIsMet(t *testing.T) {
	b := setup(t, instant(t, "2026-03-20T00:00:00Z"))
	def := monthly(t, "day 5", "06:00")
	def.DueBy, def.Schedules = &def.Schedules[0], nil
	round(t, b.scheduler(t, schedule.Config{}, def))
	b.set(t, instant(t, "2026-05-20T00:00:00Z"))
	if missing, err := schedule.DueNotPublished(t.Context(), b.Store, []report.Definition{def}); err != nil || len(missing) != 2 {
		t.Errorf("got %v, %v, want March and April", missing, err)
	}
}

func TestBackfill(t *testing.T) {
	b := setup(t, instant(t, "2026-06-20T00:00:00Z"))
	b.publish(t, report.Period{Year: 2026, Month: time.March})
	ids := 0
	fill := schedule.Backfill{
		Ledger: b.Store, Definition: monthly(t, "day 5", "06:00"), RequestedBy: "controller",
		From: report.Period{Year: 2026, Month: time.February}, To: report.Period{Year: 2026, Month: time.June},
		NewID: func() string { ids++; return fmt.Sprintf("req_%d", ids) },
	}
	run := func(want ...string) {
		t.Helper()
		filled, err := fill.Run(t.Context())
		got := []string{}
		for _, f := range filled {
			got = append(got, fmt.Sprintf("%s %s %s", f.Period, f.Answered, f.RequestID))
		}
		if !slices.Equal(got, want) || err != nil {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	fill.DryRun = true
	run("2026-02 missing ", "2026-03 published ", "2026-04 missing ", "2026-05 missing ", "2026-06 unended ")
	if got := b.asked(t); len(got) != 0 {
		t.Errorf("a dry run asked for %v", got)
	}
	fill.DryRun = false
	run("2026-02 posted req_1", "2026-03 published ", "2026-04 posted req_3", "2026-05 posted req_4", "2026-06 unended ")
	run("2026-02 asked ", "2026-03 published ", "2026-04 asked ", "2026-05 asked ", "2026-06 unended ")
	if got, want := b.asked(t), []string{"sales 2026-02", "sales 2026-04", "sales 2026-05"}; !slices.Equal(got, want) {
		t.Errorf("asked for %v, want %v", got, want)
	}
	fill.Definition.Schedules[0].Every = report.EveryQuarter
	run("2026-03 published ", "2026-06 unended ")
}
