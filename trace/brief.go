package trace

import "context"

// Brief makes ctx's segment, whose beginner did not know yet, as brief as BeginOptions.Brief makes one from the beginning:
// which attempt a job is on is known only once it is claimed. What was told before stays told.
func Brief(ctx context.Context) {
	n := current(ctx)
	if n == nil {
		return
	}
	n.rec.mu.Lock()
	defer n.rec.mu.Unlock()
	n.rec.brief = true
}
