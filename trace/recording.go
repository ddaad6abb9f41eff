package trace

import (
	"net"
	"sync"

	"github.com/aws/aws-xray-sdk-go/v2/xray"
)

// recording is one segment with its subsegments while they are told: the SDK's emitter for exactly this tree. It holds the
// decision whether the trace is kept apart from the SDK, which always records, and the budget.
type recording struct {
	out     *outlet
	head    bool   // the decision of sampling; set before the segment is handed out, as are the next four
	partial bool   // the asker said that it does not keep its part
	rule    string // that decided, "" when none did
	lineage string // of the header that came in
	version string // see Config

	mu        sync.Mutex
	brief     bool                    // see BeginOptions and Brief
	open      map[*xray.Segment]*node // begun and not yet told
	ended     bool                    // the root is told
	none      bool                    // discarded
	announced bool                    // see Announce
	budget    budget
	tail      tail
}

func newRecording(o *outlet) *recording {
	return &recording{out: o, open: map[*xray.Segment]*node{}}
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
		r.out.count.add(func(c *Counters) { c.Duplicate++ })
		return
	}
	delete(r.open, seg)
	switch {
	case r.none:
		r.out.count.add(func(c *Counters) { c.Discarded++ })
	case !r.head && r.out.holding == nil, r.tail.over && r.tail.why == "":
		r.out.count.add(func(c *Counters) { c.Unsampled++ })
	default:
		r.tell(n)
	}
	if n.parent == nil {
		r.ended = true
		r.letGo()
	}
}

// tell decides between a document of its own, one that waits for its parent's, and a figure in its parent's.
func (r *recording) tell(n *node) {
	d := n.document()
	root := n.parent == nil
	if root && !r.head {
		if r.conclude(&d); r.tail.why == "" {
			return
		}
	}
	verdict, outdone := r.budget.judge(d, r.brief)
	if outdone != nil {
		r.unhold(outdone)
		r.out.count.add(func(c *Counters) { c.OverBudget++ })
	}
	if verdict == rest {
		r.budget.aggregate(d)
		r.out.count.add(func(c *Counters) { c.OverBudget++ })
		return
	}
	for _, data := range r.budget.due(d) {
		r.unhold(data)
		r.send(data)
	}
	r.budget.attachRest(&d)
	data, shortened := fit(d, r.budget.room(root))
	if data == nil {
		r.budget.aggregate(d)
		r.out.count.add(func(c *Counters) { c.TooBig++ })
		return
	}
	if shortened {
		r.out.count.add(func(c *Counters) { c.Cut++ })
	}
	r.budget.spend(d.Namespace != "", len(data))
	kept := true
	if verdict == wait && r.open[n.parent.seg] != nil {
		if kept = r.hold(data); kept {
			r.budget.await(d, data)
		}
	} else {
		kept = r.send(data)
	}
	if !kept {
		r.budget.aggregate(d)
	}
}

// send lets a document go, or holds it until it is clear whether the trace is kept; false when there is no room to hold it.
func (r *recording) send(data []byte) bool {
	if r.head || r.tail.why != "" {
		r.release()
		r.out.send(data)
		return true
	}
	if !r.hold(data) {
		return false
	}
	r.tail.held = append(r.tail.held, data)
	return true
}
