package read_test

import (
	"fmt"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/trace"
	"github.com/monthend/monthend/trace/read"
)

func drawBeside(t *testing.T, c read.Comparison, o read.Options) string {
	t.Helper()
	var b strings.Builder
	if err := read.Beside(&b, c, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// before is the month before working: less to extract, another format, a query that is gone, one object more, published
// at the second attempt.
func before() []trace.Document {
	first := working()
	first.Fault, first.Annotations["outcome"] = true, "failed"
	d := working()
	d.ID, d.StartTime, d.EndTime = "00000000000000d0", begin+10, begin+12.5
	d.Annotations = map[string]any{"report": "monthly-financials", "period": "2026-02", "attempt": 2.0, "queue_wait_ms": 20.0}
	d.Subsegments = []trace.Document{
		sub(0xd1, "claim", 10.001, 10.03),
		sub(0xd2, "data_extraction", 10.1, 10.5,
			query(0xd3, 10.1, 10.3, "SELECT t.id, t.booked_at,\n       t.account_id FROM finance.transactions t WHERE booked_at >= $1"),
			query(0xd4, 10.3, 10.4, "SELECT 1"),
			query(0xd5, 10.4, 10.44, "SELECT id, code, name FROM finance.accounts")),
		sub(0xd6, "data_validation", 10.5, 10.95),
		sub(0xd7, "report_generation", 11, 11.6, sub(0xd8, "pdf", 11, 11.2), sub(0xd9, "html", 11.2, 11.6)),
		sub(0xda, "publish", 11.6, 12.4,
			call(0xdb, "S3", "PutObject", 11.6, 11.8, map[string]any{"bucket_name": "reports", "key": "monthly-financials/_/2026-02"}),
			call(0xdc, "S3", "PutObject", 11.8, 12, map[string]any{"bucket_name": "reports", "key": "other"})),
	}
	d.Subsegments[1].Metadata = working().Subsegments[1].Metadata
	return []trace.Document{first, d}
}

func TestCompare(t *testing.T) {
	this, that := read.Tree(traceID, []trace.Document{asking(), working()}), read.Tree(traceID, before())
	c := read.Compare(this, that)
	golden(t, "compare-80.txt", []byte(drawBeside(t, c, read.Options{})))
	golden(t, "compare-120.ansi", []byte(drawBeside(t, c, read.Options{Width: 120, Color: true})))
	for width := 60; width <= 160; width += 5 {
		for line := range strings.SplitSeq(drawBeside(t, c, read.Options{Width: width}), "\n") {
			if n := lipgloss.Width(line); n > width || strings.TrimRight(line, " ") != line {
				t.Errorf("at %d: %d cells: %q", width, n, line)
			}
		}
	}

	var got strings.Builder
	for _, r := range c.Rows {
		in := map[bool]string{true: "this", false: ""}[r.This != nil] + map[bool]string{true: "that", false: ""}[r.That != nil]
		fmt.Fprintf(&got, "%d %s %.40s %s %v\n", r.Depth, r.Name, r.Detail, in, r.Ratio)
	}
	want := `0 queue wait  thisthat 17.4
0 monthend  thisthat 1.52
1 claim  thisthat 1.07
1 data_extraction  thisthat 2.93
2 monthend@localhost SELECT t.id, t.booked_at, t.account_id F thisthat 4.65
2 monthend@localhost SELECT 1 that 0
2 monthend@localhost SELECT id, code, name FROM finance.accou thisthat 0.5
2 monthend@localhost SELECT count(*), sum(amount) FROM financ this 0
1 data_validation  thisthat 0.93
1 report_generation  thisthat 1.58
2 pdf  that 0
2 html  thisthat 0.93
2 csv  this 0
2 json  this 0
1 publish  thisthat 1.53
2 S3 PutObject reports thisthat 1.53
2 S3 PutObject  this 0
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if c.This.Attempts != 1 || c.That.Attempts != 2 || c.That.Title != "monthly-financials 2026-02" {
		t.Errorf("sides: got %+v and %+v", c.This, c.That)
	}
}

func TestCompareOddities(t *testing.T) {
	month, nothing := read.Tree(traceID, []trace.Document{asking(), working()}), read.Trace{ID: traceID}
	asked := read.Tree(traceID, []trace.Document{asking()})
	for name, c := range map[string]read.Comparison{
		"nothing with nothing":     read.Compare(nothing, nothing),
		"a month with nothing":     read.Compare(month, nothing),
		"nothing with a month":     read.Compare(nothing, month),
		"what is still under way":  read.Compare(month, read.Tree(traceID, []trace.Document{troubled()})),
		"who asked, and no worker": read.Compare(asked, asked),
	} {
		for line := range strings.SplitSeq(drawBeside(t, c, read.Options{}), "\n") {
			if n := lipgloss.Width(line); n > 80 || strings.ContainsRune(line, '\x1b') {
				t.Errorf("%s: %d cells: %q", name, n, line)
			}
		}
	}
	if c := read.Compare(asked, asked); len(c.Rows) != 2 || c.Rows[1].Ratio != 1 {
		t.Errorf("who asked: got %+v", c.Rows)
	}
	if err := read.Beside(closed{}, read.Comparison{}, read.Options{}); err == nil || err.Error() != "draw the comparison: the pipe is closed" {
		t.Errorf("got %v", err)
	}
}
