package trace

import "slices"

// waiting is a call that is told with its parent unless slower ones come meanwhile. It is encoded: what it was made of may
// change after its end.
type waiting struct {
	parent  string // id
	name    string
	seconds float64
	data    []byte
}

func (b *budget) await(d Document, data []byte) {
	b.waiting = append(b.waiting, waiting{d.ParentID, d.Name, d.EndTime - d.StartTime, data})
}

// outdo makes room for a call by giving up the fastest one that waits, if that is faster; a failed call outdoes any. It
// returns what was given up, nil when nothing was.
func (b *budget) outdo(d Document, failed bool) []byte {
	if len(b.waiting) == 0 {
		return nil
	}
	i := 0
	for k, w := range b.waiting {
		if w.seconds < b.waiting[i].seconds {
			i = k
		}
	}
	fastest := b.waiting[i]
	if !failed && fastest.seconds >= d.EndTime-d.StartTime {
		return nil
	}
	b.waiting = slices.Delete(b.waiting, i, i+1)
	b.refund(len(fastest.data))
	b.merge(fastest.parent, fastest.name, newAggregate(fastest.seconds, false))
	return fastest.data
}

// due is what waits for the end of d, in the order of its ending; the root takes along what its children left.
func (b *budget) due(d Document) (all [][]byte) {
	b.waiting = slices.DeleteFunc(b.waiting, func(w waiting) bool {
		if d.Type != "" && w.parent != d.ID {
			return false
		}
		all = append(all, w.data)
		return true
	})
	return all
}
