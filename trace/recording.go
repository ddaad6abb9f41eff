package trace

import (
	"net"
	"sync"

	"github.com/aws/aws-xray-sdk-go/v2/xray"
)

// recording is one segment with its subsegments while they are told: the SDK's emitter for exactly this tree. It holds the
// decision whether the trace is kept apart from the SDK, which always records, and the budget.
type recording struct {
	sender  *sender
	count   *counter
	keep    bool   // set before the segment is handed out, as are the next two
	lineage string // of the header that came in
	version string // see Config

	mu     sync.Mutex
	brief  bool                    // see BeginOptions and Brief
	open   map[*xray.Segment]*node // begun and not yet told
	ended  bool                    // the root is told
	none   bool                    // discarded
	budget budget
}

func newRecording(s *sender, c *counter) *recording {
	return &recording{sender: s, count: c, open: map[*xray.Segment]*node{}}
}

// node begins the record of seg; parent is nil for the root.
func (r *recording) node(seg *xray.Segment, parent *node) *node {
	n := &node{seg: seg, rec: r, parent: parent}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open[seg] = n
	return n
}

// Emit is called by the SDK, which holds the lock on seg. It hands over a closed root twice now and then, and unfinished ones
// after a cancellation; each is told once, when it is closed. It must not panic: nothing of the SDK's would catch it.
func (r *recording) Emit(seg *xray.Segment) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.emit(seg)
}

// RefreshEmitterWithAddress is part of the SDK's interface; the sender resolves its own address.
func (r *recording) RefreshEmitterWithAddress(*net.UDPAddr) {}

// discard has everything told from now on dropped.
func (r *recording) discard() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.none = true
}

// finish tells the root unless the SDK has done so already. The caller holds the lock on seg.
func (r *recording) finish(seg *xray.Segment) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ended {
		r.emit(seg)
	}
}

func (r *recording) emit(seg *xray.Segment) {
	if seg.InProgress {
		return
	}
	n := r.open[seg]
	if n == nil {
		r.count.add(func(c *Counters) { c.Duplicate++ })
		return
	}
	delete(r.open, seg)
	root := n.parent == nil
	r.ended = r.ended || root
	if r.none {
		r.count.add(func(c *Counters) { c.Discarded++ })
		return
	}
	if !r.keep {
		r.count.add(func(c *Counters) { c.Unsampled++ })
		return
	}
	d := n.document()
	if !r.budget.admits(d, r.brief) {
		r.budget.aggregate(d)
		r.count.add(func(c *Counters) { c.OverBudget++ })
		return
	}
	r.budget.attachRest(&d)
	data, shortened := fit(d, r.budget.room(root))
	if data == nil {
		r.budget.aggregate(d)
		r.count.add(func(c *Counters) { c.TooBig++ })
		return
	}
	r.budget.spend(d, len(data))
	if shortened {
		r.count.add(func(c *Counters) { c.Cut++ })
	}
	r.sender.enqueue(data)
}
