package trace_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/monthend/monthend/trace"
)

// Ten thousand jobs at the same time, most of them not sampled, some of them failing: every document is accounted for, and
// nothing of them is left: no byte held, and no goroutine, which the end of all tests looks for.
func TestManyJobsAtOnce(t *testing.T) {
	const jobs, documents = 10_000, 5
	d := listen(t)
	tracer := newTracer(t, trace.Config{Address: d.addr(), Now: day})

	begun, wg := make(chan struct{}), sync.WaitGroup{}
	var all sync.WaitGroup
	all.Add(jobs)
	for i := range jobs {
		wg.Go(func() {
			header := fmt.Sprintf("Root=1-6b02c013-%024x;Parent=%s;Sampled=%d", i, parent, min(1, i%4)) // a quarter is not sampled
			ctx, seg := tracer.Begin(context.Background(), "worker", header, trace.BeginOptions{})
			all.Done()
			<-begun // all are in work
			for _, phase := range []string{"extract", "publish"} {
				_ = trace.Span(ctx, phase, func(ctx context.Context) error {
					return trace.Remote(ctx, "db@localhost", func(context.Context) error { return nil })
				})
			}
			switch {
			case i%100 == 0:
				seg.End(errors.New("boom"))
			case i%100 == 1:
				seg.Discard()
			default:
				seg.End(nil)
			}
		})
	}
	all.Wait()
	close(begun)
	wg.Wait()
	if err := tracer.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	c := tracer.Counters()
	if got := c.Sent + c.Dropped(); got != jobs*documents {
		t.Errorf("%d documents sent and dropped, %d produced: %+v", got, jobs*documents, c)
	}
	if c.Held != 0 || c.HeldBytes != 0 {
		t.Errorf("still held: %+v", c)
	}
	if c.Unsampled == 0 || c.Kept == 0 || c.Sent == 0 {
		t.Errorf("counters: %+v", c)
	}
}

// The listener stops in the middle of the load and comes back: no job sees anything of it, and the counters say what became of
// every document. What it costs a job in time is a measure of the bench.
func TestListenerStopsInMidLoad(t *testing.T) {
	address := quiet(t)
	tracer := newTracer(t, trace.Config{Address: address})
	const jobs = 100 // of each part
	produced := uint64(0)
	work := func(until func() bool) {
		for n := 0; n < jobs || !until(); n++ {
			job(tracer, "", nil, nil)
			produced += 5
		}
	}
	whenever := func() bool { return true }
	first := listenOn(t, address)
	work(func() bool { return len(first.arrived) > 0 })
	if c := tracer.Counters(); c.Refused != 0 {
		t.Errorf("counters: %+v", c)
	}
	first.conn.Close()
	work(func() bool { return tracer.Counters().Refused > 0 })
	second := listenOn(t, address)
	work(func() bool { return len(second.arrived) > 0 })
	work(whenever)
	if err := tracer.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	c := tracer.Counters()
	arrived := uint64(len(second.drain())) + uint64(len(first.arrived))
	if c.Sent+c.Dropped() != produced || c.Dropped() != c.Refused+c.Unreachable+c.QueueFull || c.Held != 0 || arrived > c.Sent {
		t.Errorf("%d documents produced, %d arrived, counters %+v", produced, arrived, c)
	}
}
