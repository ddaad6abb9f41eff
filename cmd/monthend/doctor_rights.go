package main

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/monthend/monthend/queue"
)

// allow is the command that gives the role of this process a right: it is asked who it is when the command runs. Each set of
// actions is a policy of its own, so that one command does not take away what another gave.
func (d *doctor) allow(name string, resources []string, actions ...string) string {
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["%s"],"Resource":["%s"]}]}`,
		strings.Join(actions, `","`), strings.Join(resources, `","`))
	return d.cli("iam put-role-policy --role-name ") + `"$(` + d.cli("sts get-caller-identity") + ` --query Arn --output text | cut -d/ -f2)"` +
		fmt.Sprintf(" --policy-name %s-%08x --policy-document ", name, crc32.ChecksumIEEE([]byte(policy))) + shellQuote(policy)
}

func (d *doctor) allowQueue(url string, actions ...string) string {
	name, arn := queueNames(url, d.cfg.Region)
	full := make([]string, len(actions))
	for i, action := range actions {
		full[i] = "sqs:" + action
	}
	return d.allow("monthend-"+strings.TrimSuffix(name, ".fifo"), []string{arn}, full...)
}

// queueRights are those of work, and SendMessage, which trigger and the outbox need.
func (d *doctor) queueRights(ctx context.Context) finding {
	denied, err := d.denied(ctx, d.QueueURL)
	switch {
	case err != nil:
		return wrong("", "%s", err)
	case len(denied) > 0:
		return wrong(d.allowQueue(d.QueueURL, denied...), "denied: %s", strings.Join(denied, ", "))
	}
	return well("receive, delete, change visibility and send are not denied")
}

// denied tries a queue.
func (d *doctor) denied(ctx context.Context, url string) (denied []string, err error) {
	rights, err := queue.Try(ctx, sqs.NewFromConfig(d.cfg), url)
	if err != nil {
		return nil, err
	}
	for _, r := range rights {
		switch {
		case r.Err != nil:
			err = errors.Join(err, fmt.Errorf("%s: %w", r.Action, r.Err))
		case !r.Allowed:
			denied = append(denied, r.Action)
		}
	}
	return denied, err
}

// deadLetters finds the dead-letter queue as `monthend dlq` does.
func (d *doctor) deadLetters(ctx context.Context) finding {
	if d.jobs.DeadLetterARN == "" {
		return finding{checkUnknown, "not looked at, because the redrive policy names none", ""}
	}
	client := sqs.NewFromConfig(d.cfg)
	parts := strings.Split(d.jobs.DeadLetterARN, ":")
	name := parts[len(parts)-1]
	letters, err := queue.OpenDeadLetters(ctx, queue.DeadLettersConfig{Client: client, QueueURL: d.QueueURL})
	switch {
	case errors.Is(err, queue.ErrNoQueue):
		return wrong(d.createQueue(name), "%s", err)
	case errors.Is(err, queue.ErrDenied):
		return wrong(d.allow("monthend-"+strings.TrimSuffix(name, ".fifo"), []string{d.jobs.DeadLetterARN}, "sqs:GetQueueUrl", "sqs:GetQueueAttributes"), "%s", err)
	case err != nil:
		return wrong(d.cli("sqs set-queue-attributes --queue-url \"$(")+d.cli("sqs get-queue-url --queue-name ")+shellWord(name)+
			" --query QueueUrl --output text)\" --attributes RedrivePolicy=", "%s", err)
	}
	d.deadURL = letters.URL()
	dead, err := queue.Inspect(ctx, client, d.deadURL)
	switch {
	case err != nil:
		return wrong("", "%s", err)
	case dead.Waiting+dead.InFlight > 0:
		return warned("monthend dlq list", "%s in queue %q", things(dead.Waiting+dead.InFlight, "dead letter"), name)
	case dead.Retention < d.jobs.Retention:
		return warned(d.setQueue(d.deadURL, "MessageRetentionPeriod=1209600"),
			"queue %q keeps letters for %s, less than the queue itself keeps messages", name, dead.Retention)
	}
	return well("queue %q is empty", name)
}

// deadLetterRights tells the right that a worker needs from those of a person with `monthend dlq`.
func (d *doctor) deadLetterRights(ctx context.Context) finding {
	denied, err := d.denied(ctx, d.deadURL)
	if err != nil {
		return wrong("", "%s", err)
	}
	for _, action := range denied {
		if action == "SendMessage" {
			return wrong(d.allowQueue(d.deadURL, action), "denied: %s; a worker cannot bury what it cannot work", action)
		}
	}
	if len(denied) > 0 {
		return warned(d.allowQueue(d.deadURL, denied...), "denied: %s; a worker can do without, `monthend dlq` cannot", strings.Join(denied, ", "))
	}
	return well("send, receive, delete and change visibility are not denied")
}
