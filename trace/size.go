package trace

import (
	"encoding/json"
	"maps"
	"slices"
)

const (
	// maxDocument bounds a document in bytes: under X-Ray's 64 kB and, with the line before it, under a UDP datagram's 65,507.
	maxDocument = 63_000
	worthCut    = 100 // bytes that a value must have before cutting it helps
	shortText   = 200 // characters left of a text that had to be cut
)

// fit is d encoded in at most limit bytes, and whether it had to be shortened: the largest metadata goes first, a remark in
// its place, then long texts. Nil when even that is too big. It changes d's metadata in place.
func fit(d Document, limit int) (data []byte, shortened bool) {
	for texts := false; ; shortened = true {
		data, err := json.Marshal(d)
		switch {
		case err != nil: // not reached: all values are plain by now
			return nil, shortened
		case len(data) <= limit:
			return data, shortened
		case cutLargest(&d):
		case texts:
			return nil, shortened
		default:
			texts = true
			shorten(&d)
		}
	}
}

// cutLargest replaces the largest metadata value, if there is one worth it.
func cutLargest(d *Document) bool {
	var namespace, key string
	size := worthCut
	for ns, values := range d.Metadata {
		for k, raw := range values {
			// Ties are broken by name, so that the same document is always cut the same way.
			if len(raw) > size || len(raw) == size && size > worthCut && ns+"."+k < namespace+"."+key {
				namespace, key, size = ns, k, len(raw)
			}
		}
	}
	if size == worthCut {
		return false
	}
	d.Metadata[namespace][key] = note("cut: %d bytes did not fit", size)
	return true
}

// shorten cuts the long texts, on copies: d shares them with the segment.
func shorten(d *Document) {
	if d.SQL != nil {
		q := *d.SQL
		q.SanitizedQuery = cut(q.SanitizedQuery, shortText)
		d.SQL = &q
	}
	if d.Cause != nil {
		c := *d.Cause
		c.Exceptions = slices.Clone(c.Exceptions)
		for i := range c.Exceptions {
			e := &c.Exceptions[i]
			e.Message = cut(e.Message, shortText)
			e.Truncated += len(e.Stack)
			e.Stack = nil
		}
		d.Cause = &c
	}
	d.Annotations = maps.Clone(d.Annotations)
	for key, value := range d.Annotations {
		if s, ok := value.(string); ok {
			d.Annotations[key] = cut(s, shortText)
		}
	}
}
