package faults_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/monthend/monthend/report"
)

// backlogLimit is how many messages the stream lets wait, so that the end of a chaos is in sight.
const backlogLimit = 30

// poisons are bodies that no worker can fulfil.
var poisons = []string{
	`{"v":1,"report":"no-such-report","period":"2024-01"}`,
	`{"v":1,"report":"small-month","period":"2024-13"}`,
	`{"v":1,"report":"small-month","period":"2124-01"}`,
	`not a job`,
}

// stream sends requests until ctx ends: for new keys, again for known ones, copies of messages sent before, and a few that
// nobody can fulfil.
func (c *chaos) stream(ctx context.Context, r *rand.Rand) {
	for n := 0; ctx.Err() == nil; n++ {
		if d := c.Depth(context.WithoutCancel(ctx)); d.Waiting+d.InFlight+d.Delayed >= backlogLimit {
			pause(ctx, 200*time.Millisecond)
			continue
		}
		switch draw := r.IntN(100); {
		case draw < 45 || len(c.known) == 0:
			c.known = append(c.known, c.Send(report.Job{
				Report: reportName, Period: fmt.Sprintf("2024-%02d", 1+n%12), Tenant: fmt.Sprintf("t-%d", n/12),
				RequestID: fmt.Sprintf("stream-%d", n),
			}))
		case draw < 75:
			again := c.anyKnown(r).Job
			again.RequestID = fmt.Sprintf("stream-%d", n)
			c.Send(again)
			c.count.repeats.Add(1)
		case draw < 97:
			// The same request in another message, as a producer sends it whose answer was lost.
			c.copy(c.anyKnown(r))
			c.count.repeats.Add(1)
		default:
			c.SendBad(poisons[r.IntN(len(poisons))])
			c.count.poisons.Add(1)
		}
		pause(ctx, between(r, 20*time.Millisecond, 300*time.Millisecond))
	}
}

// anyKnown prefers what was asked for of late: that is where a run may still be in work.
func (c *chaos) anyKnown(r *rand.Rand) Sent {
	known := c.known
	if r.IntN(2) == 0 {
		known = known[max(0, len(known)-10):]
	}
	return known[r.IntN(len(known))]
}

func (c *chaos) copy(sent Sent) {
	body, err := sent.Job.Encode()
	if err != nil {
		c.tb.Error(err)
		return
	}
	c.SendBody(string(body), sent.Job)
}

// openMoving makes books of another year, whose rows change between restatements.
func (c *chaos) openMoving() {
	c.Exec(`INSERT INTO books.entries
		SELECT id + 100000, booked_at - interval '1 year', account_id, amount FROM books.entries
		 WHERE booked_at >= '2024-03-01' AND booked_at < '2024-12-31'`)
}

// movingMonths are those of the moving books that are whole, whatever the time zone.
const movingFirst, movingLast = 4, 11

// restate takes one month after another through corrections until ctx ends: a version, then for each correction a
// restatement, which publishes the next version when a row has changed and nothing when none has.
func (c *chaos) restate(ctx context.Context, r *rand.Rand) {
	for n := 0; ctx.Err() == nil; n++ {
		month := movingFirst + n%(movingLast-movingFirst+1)
		job := report.Job{
			Report: reportName, Period: fmt.Sprintf("2023-%02d", month), Tenant: fmt.Sprintf("moving-%d", n),
			RequestID: fmt.Sprintf("restate-%d", n),
		}
		c.Clean(job) // before a row of it changes
		if !c.outcome(ctx, c.Send(job)) {
			return
		}
		for correction := range 1 + r.IntN(3) {
			changed := r.IntN(3) > 0
			if changed {
				c.Exec(`UPDATE books.entries SET amount = amount + 1 WHERE id = $1`, 100000+month*1000+1+r.IntN(99))
			}
			job.Restate, job.Reason = true, fmt.Sprintf("correction %d", correction+1)
			job.RequestID = fmt.Sprintf("restate-%d-%d", n, correction)
			sent := c.Send(job)
			c.count.restatements.Add(1)
			if !changed {
				c.Expect(sent, report.Unchanged)
			}
			if !c.outcome(ctx, sent) {
				return
			}
		}
	}
}

// outcome waits for the outcome of a request; false when ctx ended first.
func (c *chaos) outcome(ctx context.Context, sent Sent) bool {
	for {
		request, err := c.Ledger.Request(ctx, sent.RequestID)
		if err == nil && request.Outcome != "" {
			return true
		}
		if !pause(ctx, 100*time.Millisecond) {
			return false
		}
	}
}
