package read_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/trace"
	"github.com/monthend/monthend/trace/read"
)

func TestSummariesOfRealRuns(t *testing.T) {
	_, c := replay(t)
	for _, row := range []struct {
		filter string
		limit  int
		want   string
	}{
		{"", 0, "fault monthly-financials 2025-07 published\nerror broken 2025-06 failed\nerror strict 2025-06 data_failed\nok monthly-financials 2025-06 published\n"},
		{"", 2, "fault monthly-financials 2025-07 published\nerror broken 2025-06 failed\n"},
		{`annotation.report = "monthly-financials" AND fault`, 0, "fault monthly-financials 2025-07 published\n"},
		{"duration > 3600", 0, ""},
	} {
		found, err := c.Summaries(t.Context(), read.Query{Filter: row.filter, From: recordedFrom, To: recordedTo, Limit: row.limit})
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for _, s := range found {
			fmt.Fprintln(&got, s.Status(), strings.Join(s.Text("report"), " "), strings.Join(s.Text("period"), " "), strings.Join(s.Text("outcome"), " "))
			if s.Duration() <= 0 || s.Entry == "" || s.Partial || !trace.IsTraceID(s.TraceID) {
				t.Errorf("got %+v", s)
			}
		}
		if diff := cmp.Diff(row.want, got.String()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", row.filter, diff)
		}
	}
}

// TestSummariesOfManyDays: X-Ray takes a question about six hours, people ask about thirty days.
func TestSummariesOfManyDays(t *testing.T) {
	const days = 30
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	var documents []trace.Document
	for day := range days {
		d := sub(1, "monthend", 0, 1)
		d.TraceID = fmt.Sprintf("1-6b02c013-%024x", day)
		d.StartTime = float64(at.Add(time.Duration(day) * 24 * time.Hour).Unix())
		d.EndTime = d.StartTime + 1
		documents = append(documents, d)
	}
	_, c := connect(t, documents...)
	found, err := c.Summaries(t.Context(), read.Query{From: at, To: at.Add(days * 24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range found {
		if want := at.Add(time.Duration(days-1-i) * 24 * time.Hour); !s.Start.Equal(want) {
			t.Errorf("%d: began %v, want %v", i, s.Start, want)
		}
	}
	if len(found) != days {
		t.Errorf("got %d traces, want %d", len(found), days)
	}
	m, err := c.Map(t.Context(), at, at.Add(days*24*time.Hour))
	if err != nil || len(m.Services) != 2 || m.Services[1].Requests != days || m.Services[1].AverageMS != 1000 || m.Services[0].Calls[0].Requests != days {
		t.Errorf("map: got %+v, %v", m, err)
	}
	if found, err := c.Summaries(t.Context(), read.Query{From: at, To: at}); err != nil || len(found) != 0 {
		t.Errorf("no time at all: got %v, %v", found, err)
	}
}

func TestSummariesRefused(t *testing.T) {
	s, c := connect(t)
	_, err := c.Summaries(t.Context(), read.Query{Filter: "error AND faullt", From: recordedFrom, To: recordedTo})
	var refused *read.RefusedError
	want := `list traces: filter expression: character 11: there is no keyword "faullt"; there is "fault"`
	if !errors.As(err, &refused) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	impatient := account(t)
	impatient.RetryMaxAttempts = 1
	if c, err = read.New(read.Config{AWS: impatient, Endpoint: s.URL()}); err != nil {
		t.Fatal(err)
	}
	for want, ask := range map[string]func() error{
		"list traces: Post ": func() error {
			_, err := c.Summaries(t.Context(), read.Query{From: recordedFrom, To: recordedTo})
			return err
		},
		"read the service map: Post ": func() error { _, err := c.Map(t.Context(), recordedFrom, recordedTo); return err },
	} {
		if err := ask(); err == nil || errors.As(err, &refused) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("nobody there: got %v", err)
		}
	}
}
