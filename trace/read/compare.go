package read

import (
	"strings"
	"time"
)

// Side is one of the two runs of a comparison, its last attempt where there were several.
type Side struct {
	TraceID  string    `json:"trace_id"`
	Start    time.Time `json:"start"` // UTC
	Title    string    `json:"title"` // report, period and tenant
	Attempts int       `json:"attempts"`
}

// Comparison puts two runs side by side.
type Comparison struct {
	This Side  `json:"this"`
	That Side  `json:"that"`
	Rows []Row `json:"rows"` // depth first, in the order of this run; what only that run has stands where it stood there
}

// Row is what both runs did under one name: a stage, a query, a call. What was done several times is one row.
type Row struct {
	Depth  int      `json:"depth"`
	Name   string   `json:"name"`
	Detail string   `json:"detail,omitempty"`
	This   *Measure `json:"this"` // null when only that run did it
	That   *Measure `json:"that"`
	Ratio  float64  `json:"ratio,omitempty"` // this duration over that; 0 when there is none

	segment bool
}

// Measure is how often something was done, how long it took in all, and how many records it was about.
type Measure struct {
	Times      int     `json:"times"`
	DurationMS float64 `json:"duration_ms"`
	Records    int64   `json:"records,omitempty"`
	Status     string  `json:"status"` // the worst: "fault", "throttle", "error" or "ok"
	InProgress bool    `json:"in_progress,omitempty"`
}

// Compare puts a run beside another. A run is the segment of a worker and all below it; a trace without a worker's segment
// is compared whole.
func Compare(this, that Trace) Comparison {
	var c Comparison
	var a, b []*Node
	c.This, a = side(this)
	c.That, b = side(that)
	if w, v := waits(a), waits(b); w > 0 || v > 0 {
		c.Rows = append(c.Rows, row2("queue wait", Row{}, wait(w, len(a) > 0), wait(v, len(b) > 0)))
	}
	c.beside(a, b, 0)
	return c
}

// side finds what is compared of a trace: the last attempt.
func side(t Trace) (Side, []*Node) {
	s, nodes := Side{TraceID: t.ID, Start: t.Start}, t.Roots
	for n := range t.Nodes() {
		if attempt(n) == 0 {
			continue
		}
		s.Attempts++
		if s.Attempts == 1 || !n.Document.Start().Before(s.Start) {
			s.Start, nodes = n.Document.Start(), []*Node{n}
		}
	}
	for _, n := range nodes {
		if s.Title == "" {
			s.Title = strings.Join(subject(n), " ")
		}
	}
	return s, nodes
}

func waits(nodes []*Node) (total time.Duration) {
	for _, n := range nodes {
		total += queueWait(n)
	}
	return total
}

func wait(d time.Duration, there bool) *Measure {
	if !there {
		return nil
	}
	return &Measure{Times: 1, DurationMS: float64(d.Microseconds()) / 1000, Status: "ok"}
}

func row2(name string, r Row, this, that *Measure) Row {
	r.Name, r.This, r.That = name, this, that
	if this != nil && that != nil && that.DurationMS > 0 && !this.InProgress && !that.InProgress {
		r.Ratio = float64(int64(this.DurationMS/that.DurationMS*100+0.5)) / 100
	}
	return r
}

// kin are the nodes of one side that go by one name.
type kin struct {
	row   Row
	nodes []*Node
}

// beside compares what two sides did at one place.
func (c *Comparison) beside(this, that []*Node, depth int) {
	a, b := families(this), families(that)
	for _, key := range merged(a.order, b.order) {
		x, y := a.kin[key], b.kin[key]
		r := Row{Depth: depth}
		for _, k := range []*kin{x, y} {
			if k != nil && r.Name == "" {
				r.Name, r.Detail, r.segment = k.row.Name, k.row.Detail, k.row.segment
			}
		}
		c.Rows = append(c.Rows, row2(r.Name, r, measure(x), measure(y)))
		c.beside(x.below(), y.below(), depth+1)
	}
}

type family struct {
	order []string
	kin   map[string]*kin
}

// families groups nodes by what they did, in the order in which each was done first.
func families(nodes []*Node) family {
	f := family{kin: map[string]*kin{}}
	for _, n := range nodes {
		key, row := did(n)
		k := f.kin[key]
		if k == nil {
			k = &kin{row: row}
			f.kin[key] = k
			f.order = append(f.order, key)
		}
		k.nodes = append(k.nodes, n)
	}
	return f
}

// did names what a node did so that another month's is the same: a query is its text, a call its operation and whom it
// asked, for the paths of two months differ.
func did(n *Node) (key string, r Row) {
	r.Name, r.segment = clean(n.Document.Name), n.Segment
	if op := operation(n); op != "" {
		r.Name += " " + clean(op)
	}
	switch {
	case n.Document.SQL != nil:
		r.Detail = clean(asked(n))
	case n.Document.AWS["bucket_name"] != nil:
		r.Detail, _ = n.Document.AWS["bucket_name"].(string)
		r.Detail = clean(r.Detail)
	case !n.Segment:
		r.Detail = clean(asked(n))
	}
	return r.Name + "\x00" + r.Detail, r
}

func (k *kin) below() (nodes []*Node) {
	if k == nil {
		return nil
	}
	for _, n := range k.nodes {
		nodes = append(nodes, n.Children...)
	}
	return nodes
}

// merged is the order of this side, with what only the other has behind what stands before it there.
func merged(this, that []string) []string {
	in := func(keys []string, key string) int {
		for i, k := range keys {
			if k == key {
				return i
			}
		}
		return -1
	}
	order := append([]string(nil), this...)
	for i, key := range that {
		if in(order, key) >= 0 {
			continue
		}
		at := 0
		if i > 0 {
			at = in(order, that[i-1]) + 1
		}
		order = append(order[:at], append([]string{key}, order[at:]...)...)
	}
	return order
}
