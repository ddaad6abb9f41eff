package trace

import (
	"context"
	"errors"
	"sync"
	"time"
)

const flushTimeout = 2 * time.Second

// exit is one way out: it never blocks who makes documents.
type exit interface {
	enqueue(document []byte)
	close(ctx context.Context) error
}

// outlet is what all recordings of a Tracer share: the exits and the room for what is held.
type outlet struct {
	count   *counter
	exits   []exit
	daemon  exit     // the one of exits that leads to the daemon, nil without
	holding *holding // nil: nothing is held, and no trace kept that sampling left out
}

// send lets a document go by every exit, which must not change it.
func (o *outlet) send(document []byte) {
	for _, e := range o.exits {
		e.enqueue(document)
	}
}

// close flushes the exits side by side, for at most flushTimeout.
func (o *outlet) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	errs := make([]error, len(o.exits))
	var flushing sync.WaitGroup
	for i, e := range o.exits {
		flushing.Go(func() { errs[i] = e.close(ctx) })
	}
	flushing.Wait()
	return errors.Join(errs...)
}
