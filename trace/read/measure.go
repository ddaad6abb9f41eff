package read

import "encoding/json"

// worse orders what may have happened.
var worse = map[string]int{"ok": 0, "error": 1, "throttle": 2, "fault": 3}

// measure sums up what one side did under one name; nil for nothing.
func measure(k *kin) *Measure {
	if k == nil {
		return nil
	}
	m := &Measure{Times: len(k.nodes), Status: "ok"}
	for _, n := range k.nodes {
		d := n.Document
		m.DurationMS += float64(d.Duration().Microseconds()) / 1000
		m.Records += records(n)
		m.InProgress = m.InProgress || d.InProgress
		if worse[d.Status()] > worse[m.Status] {
			m.Status = d.Status()
		}
	}
	return m
}

// records is how many records a node says that it was about: a stage's, or a query's rows.
func records(n *Node) int64 {
	for _, key := range []string{"records_extracted", "rows"} {
		var count int64
		if json.Unmarshal(n.Document.Metadata["default"][key], &count) == nil && count > 0 {
			return count
		}
	}
	return 0
}

// subject is the report, period and tenant that a segment is about.
func subject(n *Node) (parts []string) {
	for _, key := range []string{"report", "period", "tenant"} {
		if s, _ := n.Document.Annotations[key].(string); s != "" {
			parts = append(parts, clean(s))
		}
	}
	return parts
}
