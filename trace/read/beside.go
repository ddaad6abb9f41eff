package read

import (
	"fmt"
	"io"
	"strings"

	"charm.land/lipgloss/v2"
)

// Beside draws a comparison as a table: what was done, how long it took in each run, the ratio of the two, and the ratio of
// the records, since a month with more of them takes longer. No line is wider than Width cells.
func Beside(w io.Writer, c Comparison, o Options) error {
	if o.Width == 0 {
		o.Width = 80
	}
	d := duel{Comparison: c, brush: brush(o.Color), width: max(o.Width, 60)}
	d.heads[0], d.heads[1] = columnNames(c)
	d.names = len("Stage")
	for _, r := range c.Rows {
		d.names = max(d.names, d.wants(r))
		for _, m := range []*Measure{r.This, r.That} {
			if m != nil && !r.segment && r.Depth <= 1 {
				d.total = max(d.total, m.DurationMS)
			}
		}
	}
	d.names = min(d.names, d.width-besideCells)
	var out strings.Builder
	d.title(&out)
	for _, r := range c.Rows {
		d.row(&out, r)
	}
	d.legend(&out)
	if _, err := io.WriteString(w, out.String()); err != nil {
		return fmt.Errorf("draw the comparison: %w", err)
	}
	return nil
}

// besideCells are the columns right of the names, with their gaps.
const besideCells = 2 + 8 + 2 + 8 + 2 + 8 + 2 + 7

type duel struct {
	Comparison
	heads [2]string
	names int
	width int
	total float64 // milliseconds of the longest stage: what is small beside it is not worth a mark
	brush brush
}

// columnNames are the periods, where they tell the two apart.
func columnNames(c Comparison) (this, that string) {
	a, b := strings.Fields(c.This.Title), strings.Fields(c.That.Title)
	if len(a) > 1 && len(b) > 1 && a[1] != b[1] && len(a[1]) <= 8 && len(b[1]) <= 8 {
		return a[1], b[1]
	}
	return "this", "that"
}

func (d duel) title(out io.Writer) {
	for i, s := range []Side{d.This, d.That} {
		attempts := ""
		if s.Attempts > 1 {
			attempts = fmt.Sprintf(" · attempt %d", s.Attempts)
		}
		title := s.Title
		if title == "" {
			title = "Trace"
		}
		text := s.TraceID + attempts
		name := cut(title, max(12, d.width-6-lipgloss.Width(text)))
		fmt.Fprintf(out, "%-4s %s %s\n", [2]string{"this", "that"}[i], d.brush.strong(name), d.brush.dim(cut(text, d.width-6-lipgloss.Width(name))))
	}
	if len(d.Rows) == 0 {
		fmt.Fprintln(out, d.brush.dim("nothing to compare"))
		return
	}
	fmt.Fprintf(out, "\n%s\n", d.brush.dim(fmt.Sprintf("%-*s  %8s  %8s  %8s  %7s", d.names, "Stage", d.heads[0], d.heads[1], "Ratio", "Records")))
}

// glyph stands before a row: only in one of the two, else how the worse of them went.
func glyph(r Row) (mark, status string) {
	switch {
	case r.That == nil:
		return "+", r.This.Status
	case r.This == nil:
		return "−", r.That.Status
	case worse[r.That.Status] > worse[r.This.Status]:
		return marks[r.That.Status], r.That.Status
	}
	return marks[r.This.Status], r.This.Status
}

func (d duel) wants(r Row) int {
	name, detail := d.texts(r)
	cells := 2*min(r.Depth, maxDepth) + 2 + lipgloss.Width(name)
	if detail != "" {
		cells += 1 + min(lipgloss.Width(detail), maxDetail)
	}
	return cells
}

// texts are a row's name and detail, with how often it was done where that is more than once.
func (d duel) texts(r Row) (name, detail string) {
	times := ""
	switch {
	case r.This != nil && r.That != nil && r.This.Times != r.That.Times:
		times = fmt.Sprintf(" ×%d/%d", r.This.Times, r.That.Times)
	case r.This != nil && r.This.Times > 1:
		times = fmt.Sprintf(" ×%d", r.This.Times)
	case r.This == nil && r.That.Times > 1:
		times = fmt.Sprintf(" ×%d", r.That.Times)
	}
	return r.Name + times, r.Detail
}

func (d duel) row(out *strings.Builder, r Row) {
	mark, status := glyph(r)
	indent := 2 * min(r.Depth, maxDepth)
	room := d.names - indent - 2
	name, detail := d.texts(r)
	name = cut(name, room)
	used := lipgloss.Width(name)
	if left := room - used - 1; left < min(4, lipgloss.Width(detail)) {
		detail = ""
	} else {
		detail = cut(detail, min(left, maxDetail))
	}
	fmt.Fprintf(out, "%*s%s ", indent, "", d.brush.status(status, mark))
	if r.segment {
		out.WriteString(d.brush.strong(name))
	} else {
		out.WriteString(name)
	}
	if detail != "" {
		used += 1 + lipgloss.Width(detail)
		out.WriteString(" " + d.brush.dim(detail))
	}
	fmt.Fprintf(out, "%*s", max(0, room-used), "")
	line := ""
	for _, m := range []*Measure{r.This, r.That} {
		text := "·"
		switch {
		case m == nil:
		case m.InProgress:
			text = "…"
		default:
			text = duration(milli(m.DurationMS))
		}
		line += strings.Repeat(" ", 10-lipgloss.Width(text)) + text
	}
	line += d.ratio(r)
	out.WriteString(strings.TrimRight(line, " ") + "\n")
}

// ratio is the time of this run over that one's, marked where the difference is one to look at, and the same of the records.
func (d duel) ratio(r Row) string {
	if r.Ratio == 0 {
		return ""
	}
	text, tone := times(r.Ratio), ""
	const much, little = 1.25, 0.05
	if difference := r.This.DurationMS - r.That.DurationMS; max(difference, -difference) >= little*d.total {
		switch {
		case r.Ratio >= much:
			text, tone = text+" ↑", "error"
		case r.Ratio <= 1/much:
			text, tone = text+" ↓", "ok"
		}
	}
	if tone == "" {
		text += "  "
	}
	line := strings.Repeat(" ", max(0, 10-lipgloss.Width(text))) + d.brush.status(tone, text)
	if r.This.Records > 0 && r.That.Records > 0 {
		records := times(float64(r.This.Records) / float64(r.That.Records))
		line += strings.Repeat(" ", max(0, 9-lipgloss.Width(records))) + d.brush.dim(records)
	}
	return line
}

// times writes a ratio in at most 6 cells.
func times(ratio float64) string {
	switch {
	case ratio < 0.01:
		return "<0.01×"
	case ratio < 9.995:
		return fmt.Sprintf("%.2f×", ratio)
	case ratio < 99.95:
		return fmt.Sprintf("%.1f×", ratio)
	case ratio < 9999:
		return fmt.Sprintf("%.0f×", ratio)
	}
	return ">9999×"
}

func (d duel) legend(out io.Writer) {
	var parts []string
	say := func(glyph, words, status string, when func(Row) bool) {
		for _, r := range d.Rows {
			if when(r) {
				parts = append(parts, d.brush.status(status, glyph)+" "+d.brush.dim(words))
				return
			}
		}
	}
	for _, status := range []string{"error", "fault", "throttle"} {
		say(marks[status], status, status, func(r Row) bool { m, s := glyph(r); return s == status && m == marks[s] })
	}
	say("+", "only in "+d.heads[0], "", func(r Row) bool { return r.That == nil })
	say("−", "only in "+d.heads[1], "", func(r Row) bool { return r.This == nil })
	say("↑", "slower", "error", func(r Row) bool { return strings.Contains(d.ratio(r), "↑") })
	say("↓", "faster", "ok", func(r Row) bool { return strings.Contains(d.ratio(r), "↓") })
	if len(parts) > 0 {
		fmt.Fprintf(out, "\n%s\n", wrapped(parts, d.width))
	}
}
