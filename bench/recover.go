package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"golang.org/x/sync/errgroup"

	"github.com/monthend/monthend/report"
)

// bareVisibility is what a worker sets on receive, in seconds.
const bareVisibility = 15

// recovery kills the worker that holds a run, somewhere in the run, and waits until another one has published it; all
// settings are the defaults. The rival is the queue alone: a bare consumer that receives a message under the same
// visibility and is never heard of again → another one has it. That is the floor of whatever relies on the queue.
func recovery(ctx context.Context, b *bench) error {
	c, err := b.startCloud(ctx)
	if err != nil {
		return err
	}
	defer c.close()
	kills := cmp.Or(b.rounds, 10)
	next := make(chan int, kills)
	for n := range kills {
		next <- n
	}
	close(next)

	var mu sync.Mutex
	var recovered, redelivered []float64
	lanes, ctx := errgroup.WithContext(ctx)
	for number := range max(1, min(b.lanes, kills)) {
		lanes.Go(func() error {
			l, err := c.newLane(ctx, number)
			if err != nil {
				return err
			}
			defer l.close()
			for n := range next {
				killed, bare, err := l.round(ctx, fmt.Sprintf("recover-%d", n))
				if err != nil {
					return err
				}
				mu.Lock()
				recovered, redelivered = append(recovered, s(killed)), append(redelivered, s(bare))
				fmt.Fprintf(b.out, "kill %d: published after %s s, bare redelivery after %s s\n", len(recovered), short(s(killed)), short(s(bare)))
				mu.Unlock()
			}
			return nil
		})
	}
	if err := lanes.Wait(); err != nil {
		return err
	}
	b.pair("s", recovered, redelivered)
	b.verdict("recover_p95_s", percentile(recovered, 95), "<=30")
	return nil
}

// lane is a queue with two workers, and a bare queue beside it.
type lane struct {
	*cloud
	queue, bare string
	workers     map[int]*process // by their process id
}

func (c *cloud) newLane(ctx context.Context, number int) (l *lane, err error) {
	l = &lane{cloud: c, workers: map[int]*process{}}
	if l.queue, err = c.queue(ctx, fmt.Sprintf("lane-%d", number)); err != nil {
		return l, err
	}
	if l.bare, err = c.queue(ctx, fmt.Sprintf("lane-%d-bare", number)); err != nil {
		return l, err
	}
	for range 2 {
		if err := l.hire(ctx); err != nil {
			return l, err
		}
	}
	return l, nil
}

// hire starts one more worker.
func (l *lane) hire(ctx context.Context) error {
	p, err := l.work(ctx, l.queue)
	if err == nil {
		l.workers[p.pid()] = p
	}
	return err
}

func (l *lane) close() {
	for _, p := range l.workers {
		p.stop()
	}
}

// round is one kill, and beside it one bare redelivery.
func (l *lane) round(ctx context.Context, request string) (killed, bare time.Duration, err error) {
	both, together := errgroup.WithContext(ctx)
	both.Go(func() (err error) {
		killed, err = l.killOne(together, request)
		return err
	})
	both.Go(func() (err error) {
		bare, err = l.redeliver(together)
		return err
	})
	if err := both.Wait(); err != nil {
		return 0, 0, err
	}
	return killed, bare, l.hire(ctx)
}

// killOne is the time from the kill of the worker that holds the run to the run's publication.
func (l *lane) killOne(ctx context.Context, request string) (time.Duration, error) {
	body, err := job("long", request)
	if err != nil {
		return 0, err
	}
	if err := l.send(ctx, l.queue, body, ""); err != nil {
		return 0, err
	}
	var holder string
	err = until(ctx, 10*time.Millisecond, func(ctx context.Context) (bool, error) {
		err := l.db.QueryRow(ctx, `SELECT coalesce(max(owner), '') FROM monthend.runs WHERE tenant = $1`, request).Scan(&holder)
		return holder != "", err
	})
	if err != nil {
		return 0, err
	}
	time.Sleep(rand.N(1500 * time.Millisecond)) // a run takes about two seconds
	// An owner is host/process/random.
	parts := strings.Split(holder, "/")
	pid, err := strconv.Atoi(parts[max(0, len(parts)-2)])
	victim := l.workers[pid]
	if err != nil || victim == nil {
		return 0, fmt.Errorf("run %q is held by %q, no worker of this lane", request, holder)
	}
	at := time.Now()
	victim.kill()
	delete(l.workers, pid)

	var outcome, publisher string
	var published time.Time
	err = until(ctx, 20*time.Millisecond, func(ctx context.Context) (bool, error) {
		err := l.db.QueryRow(ctx, `
			SELECT coalesce(r.outcome, ''), coalesce(r.ended_at, 'epoch'), a.owner
			  FROM monthend.runs AS r JOIN monthend.attempts AS a USING (run_id, attempt) WHERE r.tenant = $1`,
			request).Scan(&outcome, &published, &publisher)
		return outcome != "", err
	})
	switch {
	case err != nil:
		return 0, err
	case outcome != string(report.Published):
		return 0, fmt.Errorf("request %q ended as %q", request, outcome)
	case publisher == holder:
		return 0, fmt.Errorf("request %q was published before the kill; nothing was measured", request)
	}
	return published.Sub(at), nil
}

// redeliver is the time from a receive without a settlement to the next receive.
func (l *lane) redeliver(ctx context.Context) (time.Duration, error) {
	if err := l.send(ctx, l.bare, "bare", ""); err != nil {
		return 0, err
	}
	receive := func() (string, error) {
		out, err := l.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: &l.bare, WaitTimeSeconds: 20, VisibilityTimeout: bareVisibility,
		})
		if err == nil && len(out.Messages) != 1 {
			err = fmt.Errorf("it brought %d", len(out.Messages))
		}
		if err != nil {
			return "", fmt.Errorf("receive the bare message: %w", err)
		}
		return *out.Messages[0].ReceiptHandle, nil
	}
	if _, err := receive(); err != nil {
		return 0, err
	}
	at := time.Now()
	handle, err := receive()
	if err != nil {
		return 0, err
	}
	took := time.Since(at)
	_, err = l.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &l.bare, ReceiptHandle: &handle})
	return took, err
}
