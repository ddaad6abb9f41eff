package xray

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/monthend/monthend/trace"
)

// assembled is a trace as it is handed out.
type assembled struct {
	segments []trace.Document
	duration float64 // seconds, from the earliest start to the latest end
	exceeded bool    // something of it was refused
}

// trace builds the segments of a trace; false when nothing of it is kept.
func (s *store) trace(id string) (assembled, bool) {
	s.mu.Lock()
	t, ok := s.traces[id]
	if !ok {
		s.mu.Unlock()
		return assembled{}, false
	}
	records, exceeded := maps.Clone(t.records), t.exceeded
	s.mu.Unlock()
	return assembled{segments: build(id, records), duration: duration(records), exceeded: exceeded}, true
}

func byStart(a, b record) int {
	return cmp.Or(cmp.Compare(a.document.StartTime, b.document.StartTime), cmp.Compare(a.document.ID, b.document.ID))
}

// build nests subsegments under their parents. A segment stands on its own whatever its parent; so does a subsegment whose
// parent has not arrived, one that would nest too deep, and one of those that name each other as parents.
func build(id string, records map[string]record) []trace.Document {
	children := map[string][]record{}
	var tops []record
	sorted := slices.SortedFunc(maps.Values(records), byStart)
	for _, r := range sorted {
		if _, ok := records[r.parent]; r.segment || !ok {
			tops = append(tops, r)
		} else {
			children[r.parent] = append(children[r.parent], r)
		}
	}
	placed := make(map[string]bool, len(records))
	var nest func(r record, depth int) trace.Document
	nest = func(r record, depth int) trace.Document {
		placed[r.document.ID] = true
		d := r.document // a copy: what the store keeps has no subsegments
		for _, child := range children[d.ID] {
			switch {
			case placed[child.document.ID]:
			case depth == trace.MaxDocumentDepth:
				tops = append(tops, child)
			default:
				d.Subsegments = append(d.Subsegments, nest(child, depth+1))
			}
		}
		return d
	}
	var segments []trace.Document
	stand := func() { // nest may add to tops
		for ; len(tops) > 0; tops = tops[1:] {
			r := tops[0]
			if placed[r.document.ID] {
				continue
			}
			d := nest(r, 1)
			d.TraceID, d.ParentID = id, r.parent
			if !r.segment {
				d.Type = "subsegment"
			}
			segments = append(segments, d)
		}
	}
	stand()
	for _, r := range sorted { // what is still not placed goes in a circle: the earliest of it opens it
		tops = append(tops, r)
		stand()
	}
	slices.SortStableFunc(segments, func(a, b trace.Document) int {
		return cmp.Or(cmp.Compare(a.StartTime, b.StartTime), cmp.Compare(a.ID, b.ID))
	})
	return segments
}

func duration(records map[string]record) float64 {
	start, end := math.Inf(1), 0.0
	for _, r := range records {
		start = min(start, r.document.StartTime)
		end = max(end, r.document.EndTime)
	}
	if end <= start {
		return 0
	}
	return math.Round((end-start)*1e6) / 1e6 // a float64 of today's seconds holds no more than microseconds
}
