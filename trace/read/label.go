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
	if again := retried(n); again != "" {
		parts = append(parts, again)
	}
	wrong := ""
	if d.Status() != "ok" {
		wrong = clean(message(n))
	}
	if text := clean(asked(n)); text != "" && (n.Segment || wrong == "") { // a job is named whatever became of it
		parts = append(parts, text)
	}
	if wrong != "" {
		parts = append(parts, wrong)
	}
	return name, cut(strings.Join(parts, " · "), maxDetail)
}

// asked is what a node did: its job, query, queue, object or page.
func asked(n *Node) string {
	d := n.Document
	text := func(values map[string]any, key string) string { s, _ := values[key].(string); return s }
	switch {
	case n.Segment:
		return job(n)
	case d.SQL != nil:
		return statement(d.SQL.SanitizedQuery)
	case text(d.AWS, "queue_url") != "":
		return path.Base(text(d.AWS, "queue_url"))
	case text(d.AWS, "table_name") != "":
		return text(d.AWS, "table_name")
	case text(d.AWS, "bucket_name") != "":
		return object(text(d.AWS, "bucket_name"), text(d.AWS, "key"))
	case d.HTTP != nil && d.HTTP.Request != nil:
		r := d.HTTP.Request
		if u, err := url.Parse(r.URL); err == nil && n.Document.Namespace == "remote" {
			return strings.TrimSpace(r.Method + " " + u.Path)
		}
	}
	return ""
}

// object names a stored object by what tells it apart: its own name first, and little of a long way to it.
func object(bucket, key string) string {
	dir, name := path.Split(key)
	if strings.Count(dir, "/") > 2 {
		return name + " in " + path.Join(bucket, "…", path.Base(dir))
	}
	return path.Join(bucket, key)
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

// job says which attempt after the first a worker's segment is, about which report, and how it ended when not as wished.
func job(n *Node) string {
	var parts []string
	if n := attempt(n); n > 1 {
		parts = append(parts, fmt.Sprintf("attempt %d", n))
	}
	annotations := n.Document.Annotations
	for _, key := range []string{"report", "period", "tenant", "outcome"} {
		if s, _ := annotations[key].(string); s != "" && s != "published" {
			parts = append(parts, s)
		}
	}
	if slow, _ := annotations["slow"].(bool); slow {
		parts = append(parts, "slow")
	}
	return strings.Join(parts, " ")
}

// attempt is the number of the attempt at its run that a worker's segment is, 0 for any other.
func attempt(n *Node) int {
	number, _ := n.Document.Annotations["attempt"].(float64)
	if !n.Segment || !(number >= 1 && number < 1e6) {
		return 0
	}
	return int(number)
}

// retried is how often an AWS call was tried again.
func retried(n *Node) string {
	times, _ := n.Document.AWS["retries"].(float64)
	switch {
	case !(times >= 1):
		return ""
	case times < 2:
		return "1 retry"
	}
	return fmt.Sprintf("%.0f retries", min(times, 999))
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
	case d == 0:
		return "0s"
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
