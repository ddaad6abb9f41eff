package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/monthend/monthend/trace"
)

const (
	emitterLanes  = 2                // jobs at the same time
	emitterStop   = 2 * time.Second  // of one load nobody listens, in its middle; the load takes twice as long
	emitterAll    = 30 * time.Second // of all loads together nobody listens, at least
	emitterCalls  = 8                // SQL calls of a job
	emitterEffort = 2000             // hashes of a kilobyte that stand for the work of one call
)

// load is what one run of the load came to.
type load struct {
	jobs     []float64 // ms each
	produced uint64
	counters trace.Counters
	received uint64
}

// emitter runs jobs that are traced to a listener which is stopped for the middle half of the load; the rival is the same load
// with the listener up all the time. Nothing that the network does may be seen in the time of a job, and every document is in a
// counter that says what became of it.
func emitter(ctx context.Context, b *bench) error {
	stop := cmp.Or(b.stop, emitterStop)
	var down, up load
	for n := range cmp.Or(b.rounds, max(2, int(emitterAll/stop))) {
		for _, one := range []struct {
			to      *load
			stopped bool
		}{{&up, false}, {&down, true}} {
			got, err := runLoad(ctx, stop, one.stopped)
			if err != nil {
				return err
			}
			if c := got.counters; c.Sent+c.Dropped() != got.produced {
				return fmt.Errorf("round %d: %d documents produced, %d sent and %d dropped", n, got.produced, c.Sent, c.Dropped())
			}
			if c := got.counters; (c.Refused > 0) != one.stopped || got.received > c.Sent || c.Held != 0 {
				return fmt.Errorf("round %d, listener stopped %v: %d documents received, counters %+v", n, one.stopped, got.received, c)
			}
			one.to.jobs = append(one.to.jobs, got.jobs...)
			one.to.produced += got.produced
			one.to.received += got.received
		}
	}
	b.pair("ms", down.jobs, up.jobs)
	fmt.Fprintf(b.out, "p99: stopped %s ms, up %s ms; received of %d documents: stopped %s, up %s of all\n",
		short(percentile(down.jobs, 99)), short(percentile(up.jobs, 99)), down.produced+up.produced,
		short(float64(down.received)/float64(down.produced)), short(float64(up.received)/float64(up.produced)))
	b.verdict("emitter_down_p50_ratio", median(down.jobs)/median(up.jobs), "<=1.05")
	b.verdict("emitter_down_p99_ratio", percentile(down.jobs, 99)/percentile(up.jobs, 99), "<=1.05")
	return nil
}

// runLoad works jobs for twice the time of stop, with the listener stopped from the first quarter to the last if so asked.
func runLoad(ctx context.Context, stop time.Duration, stopped bool) (load, error) {
	var l load
	listener, err := listenFor("127.0.0.1:0")
	if err != nil {
		return l, err
	}
	address := listener.address()
	tracer, err := trace.New(trace.Config{Address: address})
	if err != nil {
		listener.stop()
		return l, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*stop)
	defer cancel()
	var lanes sync.WaitGroup
	var mu sync.Mutex
	for range emitterLanes {
		lanes.Go(func() {
			for ctx.Err() == nil {
				took, documents := tracedJob(tracer)
				mu.Lock()
				l.jobs, l.produced = append(l.jobs, ms(took)), l.produced+documents
				mu.Unlock()
			}
		})
	}
	if stopped {
		wait(ctx, stop/2)
		l.received += listener.stop()
		wait(ctx, stop)
		if listener, err = listenFor(address); err != nil {
			cancel()
			lanes.Wait()
			return l, err
		}
	}
	lanes.Wait()
	err = tracer.Close(context.WithoutCancel(ctx))
	l.received += listener.stop()
	l.counters = tracer.Counters()
	return l, err
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// tracedJob is a job as the worker traces one, with as little work as makes its time worth comparing.
func tracedJob(tracer *trace.Tracer) (took time.Duration, documents uint64) {
	began := time.Now()
	ctx, segment := tracer.Begin(context.Background(), "worker", "", trace.BeginOptions{ForceSample: true})
	segment.Annotate("report", "bench")
	for _, phase := range []string{"data_extraction", "data_validation", "report_generation", "publish"} {
		_ = trace.Span(ctx, phase, func(ctx context.Context) error { // the work returns no error
			for range emitterCalls / 4 {
				_ = trace.Remote(ctx, "bench@localhost", func(ctx context.Context) error {
					trace.Metadata(ctx, "rows", effort())
					return nil
				})
			}
			return nil
		})
	}
	segment.End(nil)
	return time.Since(began), 1 + 4 + emitterCalls
}

func effort() byte {
	block := make([]byte, 1<<10)
	for range emitterEffort {
		sum := sha256.Sum256(block)
		copy(block, sum[:])
	}
	return block[0]
}

// udpListener counts documents as a daemon takes them.
type udpListener struct {
	conn    net.PacketConn
	reading sync.WaitGroup
	packets uint64
}

func listenFor(address string) (*udpListener, error) {
	conn, err := net.ListenPacket("udp4", address)
	if err != nil {
		return nil, err
	}
	l := &udpListener{conn: conn}
	l.reading.Go(func() { // ends when the socket is closed
		buffer := make([]byte, 64<<10)
		for {
			if _, _, err := conn.ReadFrom(buffer); err != nil {
				if !errors.Is(err, net.ErrClosed) {
					continue
				}
				return
			}
			l.packets++
		}
	})
	return l, nil
}

func (l *udpListener) address() string { return l.conn.LocalAddr().String() }

// stop ends the listening and gives how many documents came.
func (l *udpListener) stop() uint64 {
	l.conn.Close()
	l.reading.Wait()
	return l.packets
}
