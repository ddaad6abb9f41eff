package faults_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/monthend/monthend/report"
)

// replicaLags has the month asked for while the source holds its first ten days.
func replicaLags(t *testing.T) {
	s := NewStack(t, StackConfig{})
	january := report.Job{Report: "lagging-month", Period: "2024-01"}
	s.Clean(january)
	s.Exec(`CREATE TABLE books.behind AS SELECT * FROM books.entries WHERE booked_at >= '2024-01-11T00:00:00Z'`)
	s.Exec(`DELETE FROM books.entries WHERE booked_at >= '2024-01-11T00:00:00Z'`)
	s.Exec(`UPDATE books.watermark SET up_to = '2024-01-11T00:00:00Z'`)

	w := s.StartWorker("only")
	sent := s.Send(january)
	const why = "the source is not ready for 2024-01"
	for times := range 2 {
		if times > 0 {
			s.SQS.Advance(15 * time.Minute)
		}
		// The worker tells of it before it asks the queue for the delay; that is granted when its one place is free and it polls again.
		s.Until("it is put back", func(context.Context) bool {
			told := w.Said(func(e Entry) bool { return says("job put back")(e) && e.Text("error") == why })
			return len(told) > times && s.SQS.Waiting() == 1
		})
	}
	// Whoever asks in person is told the same, in one line.
	code, out := s.Command("run", "lagging-month", "--month", "1", "--year", "2024")
	if lines := strings.Split(strings.TrimSpace(out), "\n"); code != 4 || lines[len(lines)-1] != "monthend: "+why {
		t.Errorf("got exit code %d, %q, want 4 and one line", code, out)
	}
	s.wantNothingCurrent(january)
	if files := s.files("lagging-month"); len(files) > 0 {
		t.Errorf("got files %v of a month that is not whole", files)
	}
	if letters := s.DeadLetters(t.Context()); len(letters) > 0 {
		t.Errorf("got dead letters %+v, want none", letters)
	}

	s.Exec(`INSERT INTO books.entries SELECT * FROM books.behind`)
	s.Exec(`UPDATE books.watermark SET up_to = '2025-01-01T00:00:00Z'`)
	s.SQS.Advance(15 * time.Minute)
	s.Check() // byte-equal to the run of the whole month
	run := s.AwaitRun(sent)
	if run.Outcome != report.Published || run.Version != 1 || run.RecordsExtracted != 200 {
		t.Errorf("got %+v, want version 1 of 200 entries", run)
	}
	for _, a := range s.attempts(sent) {
		if a.Crashed || a.Outcome == "" && a.Error != why {
			t.Errorf("got attempt %+v, want nothing but waiting", a)
		}
	}
}
