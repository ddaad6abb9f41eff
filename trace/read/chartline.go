package read

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
)

// kindOf says in a word or two what a type is.
func kindOf(typ string) string {
	switch typ {
	case "", clientType:
		return ""
	case "Database::SQL":
		return "SQL"
	case "AWS::SQS::Queue":
		return "SQS queue"
	case "AWS::S3::Bucket":
		return "S3 bucket"
	case "AWS::DynamoDB::Table":
		return "DynamoDB table"
	case "remote":
		return "HTTP"
	}
	return clean(strings.ReplaceAll(strings.TrimPrefix(typ, "AWS::"), "::", " "))
}

func milli(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

func (c chart) title(out io.Writer) {
	fmt.Fprintf(out, "%s\n", c.brush.strong("Service map"))
	const minute = "2006-01-02 15:04"
	fmt.Fprintln(out, c.brush.dim(fmt.Sprintf("%s to %s UTC", c.From.Format(minute), c.To.Format(minute))))
	if len(c.lines) == 0 {
		fmt.Fprintln(out, c.brush.dim("nothing was traced"))
		return
	}
	fmt.Fprintf(out, "\n%s\n", c.brush.dim(fmt.Sprintf("%-*s  %8s  %5s  %5s  %7s  %7s", c.names, "Service", "Requests", "Error", "Fault", "Median", "p95")))
}

func (c chart) line(out io.Writer, b branch) {
	s := c.Services[b.service]
	l := s.Load
	if b.repeat {
		l = b.call.Load
	}
	twig := b.twig()
	name, kind := c.texts(b)
	room := c.names - lipgloss.Width(twig) - 2
	if b.repeat {
		name = cut(name, room-lipgloss.Width(elsewhere)) + elsewhere
	}
	name = cut(name, room)
	used := lipgloss.Width(name)
	if left := room - used - 1; left < min(4, lipgloss.Width(kind)) {
		kind = ""
	} else {
		kind = cut(kind, left)
	}
	status := l.Status()
	glyph := marks[status]
	if s.Type == clientType {
		glyph = openMark
	}
	fmt.Fprint(out, c.brush.dim(twig), c.brush.status(status, glyph), " ")
	if s.Calls == nil || s.Type == clientType || b.repeat || len(s.Calls) == 0 {
		fmt.Fprint(out, name)
	} else {
		fmt.Fprint(out, c.brush.strong(name))
	}
	if kind != "" {
		used += 1 + lipgloss.Width(kind)
		fmt.Fprint(out, " ", c.brush.dim(kind))
	}
	if s.Type != clientType {
		fmt.Fprintf(out, "%*s", max(0, room-used), "")
		c.figures(out, l)
	}
	fmt.Fprintln(out)
}

// figures are the five columns; a share of nothing is left blank.
func (c chart) figures(out io.Writer, l Load) {
	fmt.Fprintf(out, "  %8s", thousands(l.Requests))
	for _, part := range []struct {
		n      int64
		status string
	}{{l.Errors + l.Throttles, "error"}, {l.Faults, "fault"}} {
		text := share(part.n, l.Requests)
		if part.n > 0 {
			fmt.Fprintf(out, "  %*s%s", 5-len(text), "", c.brush.status(part.status, text))
		} else {
			fmt.Fprintf(out, "  %*s%s", 5-lipgloss.Width(text), "", c.brush.dim(text))
		}
	}
	if l.Requests == 0 {
		return
	}
	fmt.Fprintf(out, "  %7s  %7s", duration(milli(l.P50MS)), duration(milli(l.P95MS)))
}

// share is a percentage in at most 5 cells; what is there is never drawn as none, nor a part as all.
func share(n, of int64) string {
	switch {
	case n == 0:
		return "·"
	case n == of:
		return "100%"
	case 1000*n < of:
		return "<0.1%"
	case 100*n < 10*of:
		return fmt.Sprintf("%.1f%%", float64(n)/float64(of)*100)
	}
	return fmt.Sprintf("%d%%", min(99, (200*n+of)/(2*of)))
}

// thousands writes a number in at most 8 cells.
func thousands(n int64) string {
	if n > 9_999_999 {
		return fmt.Sprintf("%dM", n/1_000_000)
	}
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if len(s) > 8 {
		return fmt.Sprintf("%dk", n/1000)
	}
	return s
}

func (c chart) legend(out io.Writer) {
	var parts []string
	say := func(glyph, words string, status string, when func(branch) bool) {
		if slices.ContainsFunc(c.lines, when) {
			parts = append(parts, c.brush.status(status, glyph)+" "+c.brush.dim(words))
		}
	}
	for _, status := range []string{"error", "fault", "throttle"} {
		say(marks[status], status, status, func(b branch) bool { return c.Services[b.service].Status() == status })
	}
	say("▷", "from a queue", "", func(b branch) bool { return b.call != nil && b.call.Queued })
	say("↕", "drawn in another line", "", func(b branch) bool { return b.repeat })
	if len(parts) > 0 {
		fmt.Fprintf(out, "\n%s\n", wrapped(parts, c.width))
	}
}

// wrapped puts parts side by side, in as many lines as the width asks for.
func wrapped(parts []string, width int) string {
	var b strings.Builder
	used := 0
	for i, part := range parts {
		switch n := lipgloss.Width(part); {
		case i == 0:
			used = n
		case used+2+n > width:
			b.WriteByte('\n')
			used = n
		default:
			b.WriteString("  ")
			used += 2 + n
		}
		b.WriteString(part)
	}
	return b.String()
}
