package sqstest

import (
	"encoding/base64"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

var moveTaskRules = []rule{
	{"messages go back to where they came from", func(k *kit) {
		source, dead := k.buried("a", "b")
		_, err := k.client.StartMessageMoveTask(k.Context(), &sqs.StartMessageMoveTaskInput{SourceArn: aws.String(k.arn(dead))})
		k.ok(err)
		k.ended(dead, "COMPLETED", 2)
		k.none(dead)
		if _, there := k.one(source).Attributes["DeadLetterQueueSourceArn"]; there {
			k.Fatal("the message still names a source")
		}
	}},
	{"messages go where the task says", func(k *kit) {
		_, dead := k.buried("a", "b")
		to := k.queue(nil)
		k.starts(dead, to, 0)
		same(k, "messages", len(k.all(to, 2)), 2)
		k.ended(dead, "COMPLETED", 2)
	}},
	{"a task that runs has a handle, and one that is cancelled moves no more", func(k *kit) {
		_, dead := k.buried("a", "b", "c", "d")
		handle := k.starts(dead, k.queue(nil), 1)
		running := k.task(dead)
		same(k, "status", *running.Status, "RUNNING")
		same(k, "handle", *running.TaskHandle, *handle)
		same(k, "to move", *running.ApproximateNumberOfMessagesToMove, 4)
		_, err := k.client.CancelMessageMoveTask(k.Context(), &sqs.CancelMessageMoveTaskInput{TaskHandle: handle})
		k.ok(err)
		k.becomes("cancelled", func() bool { return *k.task(dead).Status == "CANCELLED" })
		k.one(dead) // not all were moved
	}},
	{"one source has one task at a time", func(k *kit) {
		_, dead := k.buried("a", "b", "c")
		to := k.queue(nil)
		k.starts(dead, to, 1)
		_, err := k.client.StartMessageMoveTask(k.Context(), &sqs.StartMessageMoveTaskInput{SourceArn: aws.String(k.arn(dead)), DestinationArn: aws.String(k.arn(to))})
		k.refused(err, "InvalidParameterValue")
	}},
	{"the source must be a dead-letter queue", func(k *kit) {
		_, err := k.client.StartMessageMoveTask(k.Context(), &sqs.StartMessageMoveTaskInput{SourceArn: aws.String(k.arn(k.queue(nil)))})
		k.refused(err, "InvalidParameterValue")
	}},
	{"the destination must exist", func(k *kit) {
		_, dead := k.pair(1)
		arn := k.arn(dead)
		_, err := k.client.StartMessageMoveTask(k.Context(), &sqs.StartMessageMoveTaskInput{SourceArn: &arn, DestinationArn: aws.String(arn + "-not")})
		is[*types.ResourceNotFoundException](k, err)
	}},
	{"garbage is no task handle", func(k *kit) {
		_, err := k.client.CancelMessageMoveTask(k.Context(), &sqs.CancelMessageMoveTaskInput{TaskHandle: aws.String("garbage")})
		k.refused(err, "InvalidParameterValue")
	}},
	{"an unknown task cannot be cancelled", func(k *kit) {
		_, dead := k.pair(1)
		handle := fmt.Sprintf(`{"taskId":"10f57157-fc38-4da9-a113-4de7e12d05aa","sourceArn":%q}`, k.arn(dead))
		_, err := k.client.CancelMessageMoveTask(k.Context(), &sqs.CancelMessageMoveTaskInput{TaskHandle: aws.String(base64.StdEncoding.EncodeToString([]byte(handle)))})
		is[*types.ResourceNotFoundException](k, err)
	}},
}

// buried is a pair whose dead-letter queue holds messages with these bodies.
func (k *kit) buried(bodies ...string) (source, dead *string) {
	k.Helper()
	source, dead = k.pair(1)
	k.send(source, bodies...)
	k.bury(source, dead, len(bodies))
	return source, dead
}

// starts begins a task; a rate of 0 is none.
func (k *kit) starts(dead, to *string, rate int32) *string {
	k.Helper()
	in := &sqs.StartMessageMoveTaskInput{SourceArn: aws.String(k.arn(dead)), DestinationArn: aws.String(k.arn(to))}
	if rate > 0 {
		in.MaxNumberOfMessagesPerSecond = &rate
	}
	out, err := k.client.StartMessageMoveTask(k.Context(), in)
	k.ok(err)
	return out.TaskHandle
}

func (k *kit) task(dead *string) types.ListMessageMoveTasksResultEntry {
	k.Helper()
	out, err := k.client.ListMessageMoveTasks(k.Context(), &sqs.ListMessageMoveTasksInput{SourceArn: aws.String(k.arn(dead))})
	k.ok(err)
	same(k, "tasks", len(out.Results), 1)
	return out.Results[0]
}

func (k *kit) ended(dead *string, status string, moved int64) {
	k.Helper()
	k.becomes(status, func() bool { return *k.task(dead).Status == status })
	same(k, "moved", k.task(dead).ApproximateNumberOfMessagesMoved, moved)
}
