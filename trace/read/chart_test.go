package read_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/monthend/monthend/local/xray"
	"github.com/monthend/monthend/trace/read"
)

// The time of the recorded runs: June's and July's month through the queue, July in its third attempt, a month that its gate
// refused and one whose query failed.
var (
	recordedFrom = time.Date(2026, 11, 22, 16, 0, 0, 0, time.UTC)
	recordedTo   = recordedFrom.Add(2 * time.Hour)
)

// replay starts a local X-Ray that was sent the documents of real runs, and a client that reads from it.
func replay(t *testing.T) (*xray.Server, *read.Client) {
	t.Helper()
	s, client := connect(t)
	f, err := os.Open(filepath.Join("testdata", "recorded.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	conn, err := net.Dial("udp", s.UDPAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	lines := bufio.NewScanner(f)
	for lines.Buffer(nil, 1<<20); lines.Scan(); {
		if _, err := fmt.Fprintf(conn, "{\"format\":\"json\",\"version\":1}\n%s", lines.Text()); err != nil {
			t.Fatal(err)
		}
	}
	arrived(t, s)
	return s, client
}

func drawMap(t *testing.T, m read.Map, o read.Options) string {
	t.Helper()
	var b strings.Builder
	if err := read.Chart(&b, m, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestChartOfRealRuns(t *testing.T) {
	_, client := replay(t)
	m, err := client.Map(t.Context(), recordedFrom, recordedTo)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "map-80.txt", []byte(drawMap(t, m, read.Options{})))
	golden(t, "map-120.txt", []byte(drawMap(t, m, read.Options{Width: 120})))
	golden(t, "map-120.ansi", []byte(drawMap(t, m, read.Options{Width: 120, Color: true})))
}

// webs are maps that no run has drawn: circles, diamonds, names from outside.
func webs() map[string]read.Map {
	load := func(ok, errors, throttles, faults int64) read.Load {
		return read.Load{Requests: ok + errors + throttles + faults, OK: ok, Errors: errors, Throttles: throttles, Faults: faults, P50MS: 12, P95MS: 3456}
	}
	call := func(to int) read.Call { return read.Call{To: to, Load: load(3, 0, 0, 0)} }
	queued := func(to int) read.Call { c := call(to); c.Queued, c.WaitMS = true, 1500; return c }
	return map[string]read.Map{
		"web": {From: recordedFrom, To: recordedTo, Services: []read.Service{
			{Name: "console", Type: "client", Calls: []read.Call{call(3)}},
			{Name: "schedule", Type: "client", Calls: []read.Call{call(2)}},
			{Name: "schedule", Load: load(30, 0, 0, 0), Calls: []read.Call{call(4)}},
			{Name: "console\x1b[2J", Load: load(12_345_678, 1, 0, 1), Calls: []read.Call{call(4), call(6), call(7)}},
			{Name: "https://sqs.eu-central-1.amazonaws.com/123456789012/monthend-jobs.fifo", Type: "AWS::SQS::Queue", Load: load(1, 0, 0, 0), Calls: []read.Call{queued(5)}},
			{Name: "monthend", Type: "AWS::ECS::Container", Load: load(90, 5, 5, 20), Calls: []read.Call{call(4), call(6), call(7), call(8), call(9)}},
			{Name: "ledger@db-1.finance.eu-central-1.rds.amazonaws.com", Type: "Database::SQL", Load: load(1_234_567, 0, 0, 0)},
			{Name: "月次財務報告の生成と検証および公開の全工程を含む", Load: load(0, 0, 0, 7)},
			{Name: "rates.example:443", Type: "remote", Load: load(999, 0, 1, 0)},
			{Name: "jobs", Type: "AWS::DynamoDB::Table"},
		}},
		"circle": {From: recordedFrom, To: recordedTo, Services: []read.Service{
			{Name: "a", Load: load(1, 0, 0, 0), Calls: []read.Call{call(1)}},
			{Name: "b", Load: load(1, 0, 0, 0), Calls: []read.Call{call(0), call(1), queued(2)}},
			{Name: "c", Load: load(1, 0, 0, 0)},
		}},
		"nothing": {From: recordedFrom, To: recordedTo},
	}
}

func TestChart(t *testing.T) {
	for name, m := range webs() {
		golden(t, name+"-80.txt", []byte(drawMap(t, m, read.Options{})))
		for width := 60; width <= 160; width += 5 {
			plain := drawMap(t, m, read.Options{Width: width})
			colored := strings.Split(drawMap(t, m, read.Options{Width: width, Color: true}), "\n")
			for i, line := range strings.Split(plain, "\n") {
				if n := lipgloss.Width(line); n > width || n != lipgloss.Width(colored[i]) || strings.TrimRight(line, " ") != line || strings.ContainsRune(line, '\x1b') {
					t.Errorf("%s at %d: %d cells, %d with colour: %q", name, width, n, lipgloss.Width(colored[i]), line)
				}
			}
		}
	}
}

func TestChartSaysWhenItCannotWrite(t *testing.T) {
	if err := read.Chart(closed{}, read.Map{}, read.Options{}); err == nil || err.Error() != "draw the service map: the pipe is closed" {
		t.Errorf("got %v", err)
	}
}

// TestWaterfallOfRealRuns: three attempts below the one call that sent the job, and what went wrong told once each.
func TestWaterfallOfRealRuns(t *testing.T) {
	_, client := replay(t)
	found, err := client.Summaries(t.Context(), read.Query{From: recordedFrom, To: recordedTo})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range found {
		tree, err := client.Trace(t.Context(), s.TraceID)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.Join(s.Text("report"), "-")
		if name == "monthly-financials" {
			name = strings.Join(s.Text("period"), "-")
		}
		golden(t, "run-"+name+"-80.txt", []byte(draw(t, tree, read.Options{})))
	}
}
