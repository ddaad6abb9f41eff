package read

import (
	"fmt"
	"net/url"
	"path"
	"strings"
	"time"
	"unicode"

	"charm.land/lipgloss/v2"
)

// maxDetail is how many cells of a detail are worth showing.
const maxDetail = 60

// label gives a node's name and what is said behind it in dim: what went wrong, else what was asked of whom.
func label(n *Node) (name, detail string) {
	d := n.Document
	name = clean(d.Name)
	if op := operation(n); op != "" {
		name += " " + clean(op)
	}
	var parts []string
	if n.Partial {
		parts = append(parts, "partial")
	}
	if text := clean(message(n)); text != "" && d.Status() != "ok" {
		parts = append(parts, text)
	} else if text := clean(asked(n)); text != "" {
		parts = append(parts, text)
	}
	return name, cut(strings.Join(parts, " · "), maxDetail)
}

// asked is what a node did: its job, query, queue, object or page.
func asked(n *Node) string {
	d := n.Document
	text := func(values map[string]any, key string) string { s, _ := values[key].(string); return s }
	switch {
	case n.Segment:
		return job(d.Annotations)
	case d.SQL != nil:
		return statement(d.SQL.SanitizedQuery)
	case text(d.AWS, "queue_url") != "":
		return path.Base(text(d.AWS, "queue_url"))
	case text(d.AWS, "table_name") != "":
		return text(d.AWS, "table_name")
	case text(d.AWS, "bucket_name") != "":
		return path.Join(text(d.AWS, "bucket_name"), text(d.AWS, "key"))
	case d.HTTP != nil && d.HTTP.Request != nil:
		r := d.HTTP.Request
		if u, err := url.Parse(r.URL); err == nil && n.Document.Namespace == "remote" {
			return strings.TrimSpace(r.Method + " " + u.Path)
		}
	}
	return ""
}

// statement is a query from its first word: what stands in comments before it is for who reads the file.
func statement(sql string) string {
	for {
		sql = strings.TrimSpace(sql)
		rest, found := sql, false
		switch {
		case strings.HasPrefix(sql, "--"):
			_, rest, found = strings.Cut(sql, "\n")
		case strings.HasPrefix(sql, "/*"):
			_, rest, found = strings.Cut(sql, "*/")
		}
		if !found {
			return sql
		}
		sql = rest
	}
}

// job says which report a worker's segment is about, and which attempt after the first.
func job(annotations map[string]any) string {
	var parts []string
	for _, key := range []string{"report", "period", "tenant"} {
		if s, _ := annotations[key].(string); s != "" {
			parts = append(parts, s)
		}
	}
	if n, _ := annotations["attempt"].(float64); n > 1 {
		parts = append(parts, fmt.Sprintf("attempt %.0f", n))
	}
	return strings.Join(parts, " ")
}

// queueWait is how long a segment's job had been receivable before it began, at most a queue's longest retention.
func queueWait(n *Node) time.Duration {
	const longest = 14 * 24 * time.Hour
	ms, _ := n.Document.Annotations["queue_wait_ms"].(float64)
	if !n.Segment || !(ms > 0) {
		return 0
	}
	return time.Duration(min(ms, float64(longest.Milliseconds())) * float64(time.Millisecond))
}

// clean makes one line of what came from outside: no control characters, no escapes, no text that turns direction.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// cut shortens s to width cells, the last an ellipsis when something is left off.
func cut(s string, width int) string {
	if lipgloss.Width(s) <= width {
		return s
	}
	kept := ""
	for i := range s {
		if lipgloss.Width(s[:i]) > width-1 {
			break
		}
		kept = s[:i]
	}
	return strings.TrimRight(kept, " ") + "…"
}

// duration writes a length of time in at most 7 cells.
func duration(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%dµs", d.Microseconds())
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1fms", float64(d.Microseconds())/1000)
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.2fs", d.Truncate(10*time.Millisecond).Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 100*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	case d < 1000*24*time.Hour:
		return fmt.Sprintf("%dd%02dh", int(d.Hours())/24, int(d.Hours())%24)
	}
	return fmt.Sprintf("%dd", int(d.Hours())/24)
}
