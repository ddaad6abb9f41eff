package trace

// What one segment may send with all its subsegments. X-Ray keeps little of a trace that comes in over a long time, so
// a long job must tell few things. Each class leaves room for the next: calls for phases, phases for the root.
const (
	maxDocuments = 60
	maxBytes     = 100_000

	firstCalls = 24     // SQL and AWS calls told as they end, whatever they are
	maxCalls   = 48     // with those that failed, and the slowest of the others
	callBytes  = 64_000 // for all calls together
	rootBytes  = 16_000 // kept back for the root
)

// verdict is what becomes of a document.
type verdict int

const (
	rest verdict = iota // counted in its parent
	tell                // sent now
	wait                // sent with its parent, unless slower ones come
)

// budget is what a recording has spent, on documents that wait as well. Its lock is the recording's.
type budget struct {
	documents, calls int
	bytes, callBytes int
	waiting          []waiting
	rest             map[string]map[string]*aggregate // parent's id → name → what was not told
}

// judge decides on d, and gives the waiting call that must go for it, if one must. The root is always told.
func (b *budget) judge(d Document, brief bool) (verdict, []byte) {
	switch {
	case d.Type == "":
		return tell, nil
	case d.Namespace == "":
		if b.documents >= maxDocuments-1 || b.room(false) <= 0 {
			return rest, nil
		}
		return tell, nil
	}
	failed := d.Error || d.Fault
	if brief && !failed {
		return rest, nil
	}
	if !failed && b.calls < firstCalls && b.callBytes < callBytes {
		return tell, nil
	}
	verdict := wait
	if failed {
		verdict = tell
	}
	if b.calls < maxCalls && b.callBytes < callBytes && b.documents < maxDocuments-1 {
		return verdict, nil
	}
	outdone := b.outdo(d, failed)
	if outdone == nil {
		return rest, nil
	}
	return verdict, outdone
}

// room is how many bytes the next document may have.
func (b *budget) room(root bool) int {
	left := maxBytes - b.bytes
	if !root {
		left -= rootBytes
	}
	return min(left, maxDocument)
}

func (b *budget) spend(call bool, size int) {
	b.documents++
	b.bytes += size
	if call {
		b.calls++
		b.callBytes += size
	}
}

// refund takes back what a waiting call had spent.
func (b *budget) refund(size int) {
	b.documents--
	b.bytes -= size
	b.calls--
	b.callBytes -= size
}
