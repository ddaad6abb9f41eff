package trace

import (
	"encoding/json"
	"math"
)

// restNamespace is the metadata namespace of what this package has to say itself.
const restNamespace = "trace"

// aggregate stands for subsegments that were not told one by one.
type aggregate struct {
	Count   int     `json:"count"`
	Failed  int     `json:"failed,omitempty"`
	TotalMS float64 `json:"total_ms"`
	MaxMS   float64 `json:"max_ms"`
}

func newAggregate(seconds float64, failed bool) aggregate {
	ms := math.Round(seconds*1e6) / 1e3
	a := aggregate{Count: 1, TotalMS: ms, MaxMS: ms}
	if failed {
		a.Failed = 1
	}
	return a
}

// aggregate counts d in its parent, which is told later as a rule: children end first.
func (b *budget) aggregate(d Document) {
	b.merge(d.ParentID, d.Name, newAggregate(d.EndTime-d.StartTime, d.Error || d.Fault))
}

func (b *budget) merge(parent, name string, more aggregate) {
	if b.rest == nil {
		b.rest = map[string]map[string]*aggregate{}
	}
	if b.rest[parent] == nil {
		b.rest[parent] = map[string]*aggregate{}
	}
	a := b.rest[parent][name]
	if a == nil {
		a = &aggregate{}
		b.rest[parent][name] = a
	}
	a.Count += more.Count
	a.Failed += more.Failed
	a.TotalMS += more.TotalMS
	a.MaxMS = max(a.MaxMS, more.MaxMS)
}

// attachRest puts into d's metadata what was not told of its children: trace.aggregated. The root takes along what is left of
// parents that were told before their children ended.
func (b *budget) attachRest(d *Document) {
	if d.Type == "" {
		for parent, names := range b.rest {
			if parent == d.ID {
				continue
			}
			for name, a := range names {
				b.merge(d.ID, name, *a)
			}
			delete(b.rest, parent)
		}
	}
	all := b.rest[d.ID]
	if all == nil {
		return
	}
	delete(b.rest, d.ID)
	if raw, err := json.Marshal(all); err == nil { // two ints and two finite floats always encode
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
