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
	id       string
	segments []trace.Document
	start    float64 // of the earliest document, seconds since 1970
	duration float64 // seconds, from the earliest start to the latest end
	updated  float64 // when the last document came, seconds since 1970
	revision int     // how many came
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
	copied := *t
	copied.records = maps.Clone(t.records)
	s.mu.Unlock()
	return copied.assemble(), true
}

// all builds every trace that is kept, by start, then id.
func (s *store) all() []assembled {
	var all []assembled
	for _, id := range s.traceIDs() { // one after the other: the store is not held up meanwhile
		if t, ok := s.trace(id); ok {
			all = append(all, t)
		}
	}
	slices.SortFunc(all, inOrder)
	return all
}

func (t *kept) assemble() assembled {
	a := assembled{
		id: t.id, segments: build(t.id, t.records), updated: float64(t.updated.UnixMilli()) / 1000, revision: t.revision, exceeded: t.exceeded,
	}
	a.start, a.duration = extent(t.records)
	return a
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

// extent is the earliest start, and the seconds from there to the latest end.
func extent(records map[string]record) (start, duration float64) {
	start, end := math.Inf(1), 0.0
	for _, r := range records {
		start = min(start, r.document.StartTime)
		end = max(end, r.document.EndTime)
	}
	if end <= start {
		return start, 0
	}
	return start, math.Round((end-start)*1e6) / 1e6 // a float64 of today's seconds holds no more than microseconds
}
