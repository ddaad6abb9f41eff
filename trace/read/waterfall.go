package read

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
)

// Options say how a waterfall is drawn.
type Options struct {
	Width int  // of the terminal in cells; 0 is 80, and less than 60 is drawn as 60
	Color bool // with ANSI colours; without, status marks still differ by shape
}

// pathMark stands beside the durations of the path that took longest.
const (
	pathMark = "◂"
	unmarked = "   " // as wide as the mark with a blank on both sides
)

const (
	durationCells = 8 // as wide as its heading
	gap           = 2
	minBarCells   = 16
	maxDepth      = 12 // deeper rows are indented no further
)

// Waterfall draws a trace, one row a segment or subsegment: name, duration, and a bar on one axis of time. A light bar before
// a worker's segment is the time its job waited in the queue. The path that took longest is marked, and what went wrong is
// told below. Every row is at most Width cells.
func Waterfall(w io.Writer, t Trace, o Options) error {
	if o.Width == 0 {
		o.Width = 80
	}
	f := fall{trace: t, brush: brush(o.Color), width: max(o.Width, 60)}
	if path := slowest(t); len(path) > 1 {
		f.slowest = path
	}
	for n, depth := range t.Nodes() {
		f.attempts += boolInt(attempt(n) > 0)
		name, detail := label(n)
		f.rows = append(f.rows, row{Node: n, indent: 2 * min(depth, maxDepth), name: name, detail: detail})
	}
	room := f.width - durationCells - gap - len(unmarked)
	f.names = min(f.widest(), room-max(minBarCells, room*40/100))
	f.axis = newAxis(t, room-f.names)

	out := bufio.NewWriter(w)
	f.title(out)
	for _, r := range f.rows {
		f.row(out, r)
	}
	f.legend(out)
	f.failures(out)
	if err := out.Flush(); err != nil {
		return fmt.Errorf("draw trace %s: %w", t.ID, err)
	}
	return nil
}

type row struct {
	*Node
	indent       int
	name, detail string
}

type fall struct {
	trace Trace
	rows  []row
	names int // cells of the name column

	slowest  map[*Node]bool
	attempts int
	width    int
	axis     axis
	brush    brush
}

// widest is how many cells the longest name wants, mark, indent and detail included.
func (f fall) widest() int {
	cells := len("Segment")
	for _, r := range f.rows {
		want := r.indent + 2 + lipgloss.Width(r.name)
		if r.detail != "" {
			want += 1 + lipgloss.Width(r.detail)
		}
		cells = max(cells, want)
	}
	return cells
}

func (f fall) title(out io.Writer) {
	fmt.Fprintf(out, "%s %s\n", f.brush.strong("Trace"), f.trace.ID)
	spans := "spans"
	switch len(f.rows) {
	case 0:
		fmt.Fprintln(out, f.brush.dim("no spans"))
		return
	case 1:
		spans = "span"
	}
	var waited time.Duration
	for _, r := range f.rows {
		waited += queueWait(r.Node)
	}
	wait := ""
	if waited >= time.Millisecond {
		wait = " · queued " + duration(waited)
	}
	fmt.Fprintln(out, f.brush.dim(fmt.Sprintf("%d %s · %s%s · %s", len(f.rows), spans,
		duration(f.trace.End.Sub(f.trace.Start)), wait, f.trace.Start.Format("2006-01-02 15:04:05 UTC"))))
	fmt.Fprintf(out, "\n%s\n", f.brush.dim(fmt.Sprintf("%-*s%*s%*s%s", f.names+gap, "Segment", durationCells, "Duration", len(unmarked), "", f.axis.ticks())))
}

func (f fall) row(out io.Writer, r row) {
	status := r.Document.Status()
	room := f.names - r.indent - 2
	name, detail := cut(r.name, room), r.detail
	used := lipgloss.Width(name)
	if left := room - used - 1; left < min(4, lipgloss.Width(detail)) { // no room to say anything
		detail = ""
	} else {
		detail = cut(detail, left)
	}
	fmt.Fprintf(out, "%*s%s ", r.indent, "", f.brush.status(status, mark(r.Node)))
	if r.Segment {
		fmt.Fprint(out, f.brush.strong(name))
	} else {
		fmt.Fprint(out, name)
	}
	if detail != "" {
		used += 1 + lipgloss.Width(detail)
		fmt.Fprint(out, " ", f.brush.dim(detail))
	}
	took := duration(r.Document.Duration())
	if r.Document.InProgress {
		took = "…"
	}
	after := unmarked
	if f.slowest[r.Node] {
		after, took = " "+f.brush.strong(pathMark)+" ", f.brush.strong(took)
	}
	fmt.Fprintf(out, "%*s%s%s%s\n", room-used+gap+durationCells-lipgloss.Width(took), "", took, after, f.bars(r.Node))
}

// bars are the cells right of the gap: the wait, then the work. The cell they share belongs to the work.
func (f fall) bars(n *Node) string {
	rule, end := solid, n.Document.End()
	if n.Document.InProgress {
		rule, end = running, f.trace.End
	}
	from, to := f.axis.halves(n.Document.Start(), end)
	work := f.brush.status(n.Document.Status(), bar(rule, from, to))
	wait := queueWait(n)
	if wait > 0 {
		since, _ := f.axis.halves(n.Document.Start().Add(-wait), n.Document.Start())
		if light := bar(waiting, since, from/2*2); since/2 < from/2 {
			return strings.Repeat(" ", since/2) + f.brush.dim(light) + work
		}
	}
	return strings.Repeat(" ", from/2) + work
}

// legend explains the marks that were drawn and are not plain.
func (f fall) legend(out io.Writer) {
	var parts []string
	say := func(text string, when func(*Node) bool, paint func(string) string) {
		if slices.ContainsFunc(f.rows, func(r row) bool { return when(r.Node) }) {
			glyph, words, _ := strings.Cut(text, " ")
			parts = append(parts, paint(glyph)+" "+f.brush.dim(words))
		}
	}
	for _, status := range []string{"error", "fault", "throttle"} {
		say(marks[status]+" "+status, func(n *Node) bool { return n.Document.Status() == status },
			func(s string) string { return f.brush.status(status, s) })
	}
	say(openMark+" in progress", func(n *Node) bool { return n.Document.InProgress }, f.brush.dim)
	say(pathMark+" slowest path", func(n *Node) bool { return f.slowest[n] }, f.brush.strong)
	say("┄ queue wait", func(n *Node) bool { return queueWait(n) > 0 }, f.brush.dim)
	if len(parts) > 0 {
		fmt.Fprintf(out, "\n%s\n", wrapped(parts, f.width))
	}
	if f.trace.LimitExceeded {
		fmt.Fprintf(out, "\n%s\n", f.brush.dim("The trace is larger than X-Ray takes: documents are missing."))
	}
}
