package read_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/trace"
	"github.com/monthend/monthend/trace/read"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func draw(t *testing.T, tree read.Trace, o read.Options) string {
	t.Helper()
	var b strings.Builder
	if err := read.Waterfall(&b, tree, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWaterfall(t *testing.T) {
	month := read.Tree(traceID, []trace.Document{asking(), working()})
	trouble := read.Tree(traceID, []trace.Document{troubled()})
	trouble.LimitExceeded = true
	for name, tree := range map[string]read.Trace{"month": month, "trouble": trouble} {
		for _, width := range []int{60, 80, 120, 200} {
			for _, color := range []bool{false, true} {
				file := fmt.Sprintf("%s-%d.txt", name, width)
				if color {
					file = fmt.Sprintf("%s-%d.ansi", name, width)
				}
				got := draw(t, tree, read.Options{Width: width, Color: color})
				if color && width != 120 {
					continue
				}
				golden(t, file, []byte(got))
			}
		}
	}
}

func TestWaterfallFits(t *testing.T) {
	tree := read.Tree(traceID, []trace.Document{asking(), working(), troubled()})
	for width := 60; width <= 200; width += 7 {
		plain, colored := draw(t, tree, read.Options{Width: width}), draw(t, tree, read.Options{Width: width, Color: true})
		if strings.ContainsRune(plain, '\x1b') {
			t.Fatalf("width %d: an escape without colour", width)
		}
		for i, line := range strings.Split(plain, "\n") {
			if got := lipgloss.Width(line); got > width {
				t.Errorf("width %d: line %d has %d cells: %s", width, i+1, got, line)
			}
			if strings.TrimRight(line, " ") != line {
				t.Errorf("width %d: line %d ends in blanks: %q", width, i+1, line)
			}
		}
		var cells []int
		for line := range strings.SplitSeq(colored, "\n") {
			cells = append(cells, lipgloss.Width(line))
		}
		for i, line := range strings.Split(plain, "\n") {
			if cells[i] != lipgloss.Width(line) {
				t.Errorf("width %d: line %d is %d cells wide with colour: %s", width, i+1, cells[i], line)
			}
		}
	}
}

func TestWaterfallOfNothing(t *testing.T) {
	if got, want := draw(t, read.Trace{ID: traceID}, read.Options{}), "Trace "+traceID+"\nno spans\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, errors.New("the pipe is closed") }

func TestWaterfallSaysWhenItCannotWrite(t *testing.T) {
	err := read.Waterfall(closed{}, read.Tree(traceID, []trace.Document{asking()}), read.Options{})
	if want := "draw trace " + traceID + ": the pipe is closed"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// FuzzWaterfall draws whatever documents say: it must fit, and let no control character through.
func FuzzWaterfall(f *testing.F) {
	f.Add("monthend", "select 1", 0.0, 1.0, 348.0, 80)
	f.Add("月次\x1b[2J\u202e", "a\nb", 1e9, 0.0, 1e308, 60)
	f.Add("", "", 6e-09, 253402300799.0, -1.0, 160) // longer than a time.Duration
	f.Fuzz(func(t *testing.T, name, text string, start, end, wait float64, width int) {
		d := trace.Document{
			TraceID: traceID, ID: workerID, Name: name, StartTime: start, EndTime: end, InProgress: end == 0, Fault: true,
			Annotations: map[string]any{"queue_wait_ms": wait, "report": text}, Cause: &trace.Cause{Exceptions: []trace.Exception{{ID: askingID, Message: text}}},
		}
		encoded, err := json.Marshal(d)
		if err != nil {
			return
		}
		if d, err = trace.ParseDocument(encoded); err != nil {
			return
		}
		width = 60 + max(width, -width, 0)%141
		got := draw(t, read.Tree(traceID, []trace.Document{d}), read.Options{Width: width})
		if bytes.ContainsAny([]byte(got), "\x00\x07\x1b\r\t") {
			t.Errorf("a control character in %q", got)
		}
		for line := range strings.SplitSeq(got, "\n") {
			if n := lipgloss.Width(line); n > width {
				t.Errorf("%d cells of %d: %s", n, width, line)
			}
		}
	})
}
