package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

const (
	smallJobs    = 200  // a round
	smallWarm    = 20   // the first of them do not count: the worker starts meanwhile
	bareMessages = 2000 // a round
)

// small lets one worker with four runs at a time publish jobs of 1,000 rows, from claim to published files, on a ledger and
// a directory that keep what they are told. The rival does nothing but receive their messages from the same queue and
// delete them, one by one with the bare SDK.
func small(ctx context.Context, b *bench) error {
	c, err := b.startCloud(ctx)
	if err != nil {
		return err
	}
	defer c.close()
	var jobs, messages []float64
	for round := range cmp.Or(b.rounds, 5) {
		worked, cpu, err := c.workSmall(ctx, fmt.Sprintf("small-%d", round))
		if err != nil {
			return err
		}
		bare, err := c.receiveDelete(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(b.out, "round %d: %s jobs/s at %s ms of the worker's processor each, %s messages/s\n",
			round+1, short(worked), short(ms(cpu)), short(bare))
		jobs, messages = append(jobs, worked), append(messages, bare)
	}
	b.pair("per s", jobs, messages)
	b.verdict("small_over_bare", median(jobs)/median(messages), ">=0.03")
	return nil
}

// workSmall is the rate of a round of jobs, in jobs a second, by the clock of the ledger: from the end of the last job that
// does not count to the end of the last one. cpu is what the worker used of all cores for one job, its start included.
func (c *cloud) workSmall(ctx context.Context, round string) (rate float64, cpu time.Duration, err error) {
	bodies := make([]string, smallJobs)
	for n := range bodies {
		if bodies[n], err = job("small", fmt.Sprintf("%s-%d", round, n)); err != nil {
			return 0, 0, err
		}
	}
	queue := c.env["MONTHEND_QUEUE_URL"]
	if err := c.fill(ctx, queue, bodies); err != nil {
		return 0, 0, err
	}
	worker, err := c.work(ctx, queue, "--concurrency", "4")
	if err != nil {
		return 0, 0, err
	}
	err = until(ctx, 100*time.Millisecond, func(ctx context.Context) (bool, error) {
		var ended, published int
		err := c.db.QueryRow(ctx, `SELECT count(outcome), count(*) FILTER (WHERE outcome = 'published')
			FROM monthend.requests WHERE request_id LIKE $1 || '-%'`, round).Scan(&ended, &published)
		if ended > published {
			return false, fmt.Errorf("%d of %d jobs were not published", ended-published, ended)
		}
		return published == smallJobs, err
	})
	if err := errors.Join(err, worker.stop()); err != nil {
		return 0, 0, err
	}
	var took float64
	err = c.db.QueryRow(ctx, `SELECT extract(epoch FROM max(ended_at) - min(ended_at)) FROM (
			SELECT ended_at FROM monthend.requests WHERE request_id LIKE $1 || '-%' ORDER BY ended_at OFFSET $2) AS counted`,
		round, smallWarm-1).Scan(&took)
	return (smallJobs - smallWarm) / took, worker.cpu() / smallJobs, err
}

// receiveDelete is the rate of the bare loop, in messages a second.
func (c *cloud) receiveDelete(ctx context.Context) (float64, error) {
	queue := c.env["MONTHEND_QUEUE_URL"]
	bodies := make([]string, bareMessages)
	for n := range bodies {
		var err error
		if bodies[n], err = job("small", fmt.Sprintf("bare-%d", n)); err != nil {
			return 0, err
		}
	}
	if err := c.fill(ctx, queue, bodies); err != nil {
		return 0, err
	}
	began := time.Now()
	for range bodies {
		out, err := c.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &queue, WaitTimeSeconds: 20})
		if err != nil {
			return 0, err
		}
		if len(out.Messages) != 1 {
			return 0, fmt.Errorf("the bare loop received %d messages", len(out.Messages))
		}
		_, err = c.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &queue, ReceiptHandle: out.Messages[0].ReceiptHandle})
		if err != nil {
			return 0, err
		}
	}
	return bareMessages / time.Since(began).Seconds(), nil
}
