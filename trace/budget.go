package trace

import (
	"encoding/json"
	"math"
)

// What one segment may send with all its subsegments. X-Ray keeps little of a trace that comes in over a long time, so
// a long job must tell few things. Each class leaves room for the next: calls for phases, phases for the root.
const (
	maxDocuments = 60
	maxBytes     = 100_000

	fullCalls    = 40     // SQL and AWS calls told in full, whatever they are
	tellingCalls = 48     // with those that failed or were slower than every one before
	callBytes    = 64_000 // for all calls together
	rootBytes    = 16_000 // kept back for the root
)

// restNamespace is the metadata namespace of what this package has to say itself.
const restNamespace = "trace"

// budget is what a recording has spent. Its lock is the recording's.
type budget struct {
	documents, calls int
	bytes            int
	slowest          float64                          // seconds, of the calls told
	rest             map[string]map[string]*aggregate // parent's id → name → what was not told
}

// aggregate stands for subsegments that were not told one by one.
type aggregate struct {
	Count   int     `json:"count"`
	Failed  int     `json:"failed,omitempty"`
	TotalMS float64 `json:"total_ms"`
	MaxMS   float64 `json:"max_ms"`
}

// admits decides on d. The root is always told.
func (b *budget) admits(d Document, brief bool) bool {
	if d.Type == "" {
		return true
	}
	if d.Namespace == "" {
		return b.documents < maxDocuments-1 && b.room(false) > 0
	}
	failed := d.Error || d.Fault
	switch {
	case b.calls >= tellingCalls || b.bytes >= callBytes:
		return false
	case failed:
		return true
	case brief:
		return false
	}
	return b.calls < fullCalls || d.EndTime-d.StartTime > b.slowest
}

// room is how many bytes the next document may have.
func (b *budget) room(root bool) int {
	left := maxBytes - b.bytes
	if !root {
		left -= rootBytes
	}
	return min(left, maxDocument)
}

func (b *budget) spend(d Document, size int) {
	b.documents++
	b.bytes += size
	if d.Namespace != "" {
		b.calls++
		b.slowest = max(b.slowest, d.EndTime-d.StartTime)
	}
}

// aggregate counts d in its parent, which is told later as a rule: children end first.
func (b *budget) aggregate(d Document) {
	if b.rest == nil {
		b.rest = map[string]map[string]*aggregate{}
	}
	if b.rest[d.ParentID] == nil {
		b.rest[d.ParentID] = map[string]*aggregate{}
	}
	a := b.rest[d.ParentID][d.Name]
	if a == nil {
		a = &aggregate{}
		b.rest[d.ParentID][d.Name] = a
	}
	ms := math.Round((d.EndTime-d.StartTime)*1e6) / 1e3
	a.Count++
	a.TotalMS += ms
	a.MaxMS = max(a.MaxMS, ms)
	if d.Error || d.Fault {
		a.Failed++
	}
}

// attachRest puts into d's metadata what was not told of its children: trace.aggregated.
func (b *budget) attachRest(d *Document) {
	rest := b.rest[d.ID]
	if rest == nil {
		return
	}
	delete(b.rest, d.ID)
	if raw, err := json.Marshal(rest); err == nil { // two ints and two finite floats always encode
		d.remark("aggregated", raw)
	}
}

// remark adds metadata of our own to a document made by node.document, whose metadata maps are shared with nobody.
func (d *Document) remark(key string, raw json.RawMessage) {
	if d.Metadata == nil {
		d.Metadata = map[string]map[string]json.RawMessage{}
	}
	if d.Metadata[restNamespace] == nil {
		d.Metadata[restNamespace] = map[string]json.RawMessage{}
	}
	d.Metadata[restNamespace][key] = raw
}
