package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/monthend/monthend/report"
)

// job asks for a month that nobody asked for yet: each request has a tenant of its own, and all read the same rows.
func job(definition, request string) (string, error) {
	body, err := report.Job{Report: definition, Period: "2026-03", Tenant: request, RequestID: request}.Encode()
	if err != nil {
		return "", fmt.Errorf("encode job %q: %w", request, err)
	}
	return string(body), nil
}

// send puts one message on a queue; header is its AWSTraceHeader, "" for none.
func (c *cloud) send(ctx context.Context, queueURL, body, header string) error {
	input := &sqs.SendMessageInput{QueueUrl: &queueURL, MessageBody: &body}
	if header != "" {
		input.MessageSystemAttributes = map[string]types.MessageSystemAttributeValue{
			"AWSTraceHeader": {DataType: aws.String("String"), StringValue: &header},
		}
	}
	_, err := c.sqs.SendMessage(ctx, input)
	return err
}

// fill puts many messages on a queue, ten a call.
func (c *cloud) fill(ctx context.Context, queueURL string, bodies []string) error {
	for len(bodies) > 0 {
		batch := &sqs.SendMessageBatchInput{QueueUrl: &queueURL}
		for i, body := range bodies[:min(10, len(bodies))] {
			batch.Entries = append(batch.Entries, types.SendMessageBatchRequestEntry{
				Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(body),
			})
		}
		bodies = bodies[len(batch.Entries):]
		out, err := c.sqs.SendMessageBatch(ctx, batch)
		if err != nil {
			return err
		}
		if len(out.Failed) > 0 {
			return fmt.Errorf("%d messages of a batch were refused", len(out.Failed))
		}
	}
	return nil
}

// traceHeader is a new sampled trace and its id.
func traceHeader() (header, id string) {
	var random [20]byte
	rand.Read(random[:])
	id = fmt.Sprintf("1-%08x-%s", time.Now().Unix(), hex.EncodeToString(random[:12]))
	return fmt.Sprintf("Root=%s;Parent=%s;Sampled=1", id, hex.EncodeToString(random[12:])), id
}

// until asks every so often whether something has come to pass, until it has or ctx ends.
func until(ctx context.Context, every time.Duration, reached func(context.Context) (bool, error)) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		done, err := reached(ctx)
		if done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}
