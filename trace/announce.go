package trace

import "context"

// Announce tells of ctx's segment before its end, as one in progress: so that a trace of long work can be read while it goes on, and
// one whose process dies says that there was work at all. The document of the end takes its place. It is told to the daemon, once, and
// only of a segment that is sampled and of which something was told already: what may yet be discarded is not announced. An Exporter
// is not told: others take spans when they are over, and only then.
func Announce(ctx context.Context) {
	n := current(ctx)
	if n == nil {
		return
	}
	for n.parent != nil {
		n = n.parent
	}
	n.seg.Lock() // before the recording's lock, as the SDK has it
	defer n.seg.Unlock()
	n.rec.announce(n)
}

func (r *recording) announce(n *node) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.announced || r.ended || r.none || !r.head || r.budget.documents == 0 || r.out.daemon == nil {
		return
	}
	r.announced = true
	d := n.document()
	d.EndTime, d.InProgress, d.Metadata = 0, true, nil // metadata is told at the end
	data, _ := fit(d, r.budget.room(false))
	if data == nil {
		return // what is too big so early has its place at the end
	}
	r.budget.spend(false, len(data))
	r.out.daemon.enqueue(data)
}
