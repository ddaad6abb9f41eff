package trace

import (
	"context"
	"maps"
	"sync"
)

// defaultHold bounds the documents held by all segments together, in bytes. An attempt's are a hundred thousand at most.
const defaultHold = 16 << 20

// failedWhy is why a segment that ended with an error is kept.
const failedWhy = "failed"

// Keep has everything told of ctx's segment kept even if sampling said no: from now on, and what was held back since its
// beginning. The segment says so by the annotation kept, whose value is why, and by partial where its asker's part is
// missing. What it asks of others goes on saying Sampled=0: they were told so already. The first why counts; a segment that
// ends with an error is kept as "failed" without being asked for. It does nothing for a segment that is sampled.
func Keep(ctx context.Context, why string) {
	n := current(ctx)
	if n == nil || n.rec.head || why == "" {
		return
	}
	n.rec.mu.Lock()
	defer n.rec.mu.Unlock()
	if n.rec.tail.why == "" && !n.rec.ended && n.rec.out.holding != nil {
		n.rec.tail.why = why
	}
}

// tail is what a recording that is not sampled holds back until its end. Its lock is the recording's.
type tail struct {
	why  string // it is kept; "" while, or because, it is not
	over bool   // the root has ended
	held [][]byte
}

// holding counts the bytes held by all recordings of a Tracer.
type holding struct {
	mu   sync.Mutex
	left int64
}

func (h *holding) take(size int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if size > h.left {
		return false
	}
	h.left -= size
	return true
}

// hold takes the room for a document of a segment that is not sampled, if there is room.
func (r *recording) hold(data []byte) bool {
	if r.head {
		return true
	}
	if !r.out.holding.take(int64(len(data))) {
		r.out.count.add(func(c *Counters) { c.HoldFull++ })
		return false
	}
	r.out.count.add(func(c *Counters) {
		c.Held++
		c.HeldBytes += uint64(len(data))
	})
	return true
}

// unhold gives it back.
func (r *recording) unhold(data []byte) {
	if r.head {
		return
	}
	r.out.holding.take(-int64(len(data)))
	r.out.count.add(func(c *Counters) {
		c.Held--
		c.HeldBytes -= uint64(len(data))
	})
}

// conclude decides at the end of the root d, which says what was decided.
func (r *recording) conclude(d *Document) {
	r.tail.over = true
	// A 4xx that was answered, and no error of ours, is the asker's mistake: nothing to keep it for.
	if r.tail.why == "" && (d.Fault || d.Error && d.Cause != nil) {
		r.tail.why = failedWhy
	}
	if r.tail.why == "" {
		r.out.count.add(func(c *Counters) { c.Unsampled++ })
		return
	}
	r.out.count.add(func(c *Counters) { c.Kept++ })
	d.Annotations = maps.Clone(d.Annotations)
	if d.Annotations == nil {
		d.Annotations = map[string]any{}
	}
	d.Annotations["kept"] = r.tail.why
	if r.partial {
		d.Annotations["partial"] = true
	}
}

// release sends what was held, in the order of its ending.
func (r *recording) release() {
	for _, data := range r.tail.held {
		r.unhold(data)
		r.out.send(data)
	}
	r.tail.held = nil
}

// letGo ends the holding with the root. What is still held or waits then belongs to a trace that is not kept.
func (r *recording) letGo() {
	dropped := r.tail.held
	for _, w := range r.budget.waiting {
		dropped = append(dropped, w.data)
	}
	r.tail.held, r.budget.waiting = nil, nil
	for _, data := range dropped {
		r.unhold(data)
	}
	r.out.count.add(func(c *Counters) {
		if r.none {
			c.Discarded += uint64(len(dropped))
			return
		}
		c.Unsampled += uint64(len(dropped))
	})
}
