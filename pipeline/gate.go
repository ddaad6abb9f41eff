package pipeline

import (
	"context"

	"golang.org/x/sync/semaphore"
)

// gate lets the runs of one process be worked side by side, or one of them alone.
type gate struct{ places *semaphore.Weighted }

// allPlaces is more than any process works at once; whoever is alone takes them all.
const allPlaces = 1 << 30

func newGate() *gate { return &gate{semaphore.NewWeighted(allPlaces)} }

// enter takes one place beside the others. Those who wait are let in in their order: one that waits to be alone is overtaken
// by nobody, or it might wait for ever.
func (g *gate) enter(ctx context.Context) (*pass, error) {
	p := &pass{gate: g}
	return p, p.take(ctx, 1)
}

// pass is what one run holds of the gate. It is used by one goroutine.
type pass struct {
	gate *gate
	held int64
}

// alone waits until nobody else is inside. The place held is given up first: two that both kept theirs would wait for each
// other for ever. After an error nothing is held.
func (p *pass) alone(ctx context.Context) error {
	p.leave()
	return p.take(ctx, allPlaces)
}

func (p *pass) take(ctx context.Context, places int64) error {
	if p.gate.places.Acquire(ctx, places) != nil {
		return context.Cause(ctx)
	}
	p.held = places
	return nil
}

// leave may be called more than once.
func (p *pass) leave() {
	p.gate.places.Release(p.held)
	p.held = 0
}
