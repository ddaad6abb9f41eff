package sqstest

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

var deadLetterRules = []rule{
	{"a message received too often is moved with all it has", func(k *kit) {
		source, dead := k.pair(1)
		in := traced(source, header)
		in.MessageAttributes = messageAttributes{"MyAttribute": text("foobar")}
		out := k.sends(in)
		k.bury(source, dead, 1)
		got := k.one(dead)
		same(k, "id", *got.MessageId, *out.MessageId)
		same(k, "header", got.Attributes["AWSTraceHeader"], header)
		same(k, "attribute", *got.MessageAttributes["MyAttribute"].StringValue, "foobar")
		same(k, "source", got.Attributes["DeadLetterQueueSourceArn"], k.arn(source))
		k.none(source)
	}},
	{"the receive count goes on counting", func(k *kit) {
		source, dead := k.pair(2)
		k.send(source, "m")
		k.bury(source, dead, 1)
		same(k, "receive count", k.one(dead).Attributes["ApproximateReceiveCount"], "3")
	}},
	{"a message is delivered as often as the policy says", func(k *kit) {
		source, _ := k.pair(3)
		k.send(source, "m")
		for range 3 {
			k.one(source)
		}
		k.none(source)
	}},
	{"the count may be text", func(k *kit) {
		url := k.queue(nil)
		k.ok(k.set(url, attributes{"RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":"42"}`, k.arn(k.queue(nil)))}))
	}},
	{"a policy needs a target", func(k *kit) { k.unset(`{"maxReceiveCount":1}`) }},
	{"a policy needs a count", func(k *kit) { k.unset(fmt.Sprintf(`{"deadLetterTargetArn":%q}`, k.arn(k.queue(nil)))) }},
	{"a count must be a number", func(k *kit) {
		k.unset(fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":"often"}`, k.arn(k.queue(nil))))
	}},
	{"a count is 1 to 1000", func(k *kit) {
		for _, n := range []int{0, 1001} {
			k.unset(policy(k.arn(k.queue(nil)), n))
		}
	}},
	{"a target must exist", func(k *kit) { k.unset(policy(k.arn(k.queue(nil))+"-not", 1)) }},
	{"a policy must be JSON", func(k *kit) { k.unset(`{`) }},
	{"a standard queue cannot have a FIFO target", func(k *kit) { k.unset(policy(k.arn(k.fifo(nil)), 1)) }},
	{"an empty policy takes it away", func(k *kit) {
		source, _ := k.pair(1)
		k.ok(k.set(source, attributes{"RedrivePolicy": ""}))
		if _, there := k.get(source, "All")["RedrivePolicy"]; there {
			k.Fatal("the policy is still there")
		}
	}},
	{"a target can let nobody in", func(k *kit) {
		k.unset(policy(k.arn(k.queue(attributes{"RedriveAllowPolicy": `{"redrivePermission":"denyAll"}`})), 1))
	}},
	{"a target can let in some", func(k *kit) {
		friend := k.queue(nil)
		target := k.queue(attributes{"RedriveAllowPolicy": fmt.Sprintf(`{"redrivePermission":"byQueue","sourceQueueArns":[%q]}`, k.arn(friend))})
		k.ok(k.set(friend, attributes{"RedrivePolicy": policy(k.arn(target), 1)}))
		k.unset(policy(k.arn(target), 1))
	}},
	{"sources are listed", func(k *kit) {
		source, dead := k.pair(1)
		k.becomes("the source listed", func() bool {
			out, err := k.client.ListDeadLetterSourceQueues(k.Context(), &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: dead})
			k.ok(err)
			return len(out.QueueUrls) == 1 && out.QueueUrls[0] == *source
		})
	}},
	{"a FIFO group goes on after its message was moved", func(k *kit) {
		dead := k.fifo(nil)
		source := k.fifo(attributes{"RedrivePolicy": policy(k.arn(dead), 1), "VisibilityTimeout": "0"})
		k.sendTo(source, "g", "bad")
		k.bury(source, dead, 1)
		k.sendTo(source, "g", "good")
		same(k, "body", *k.one(source).Body, "good")
		got := k.one(dead)
		same(k, "body", *got.Body, "bad")
		same(k, "group", got.Attributes["MessageGroupId"], "g")
	}},
}

func policy(target string, count int) string {
	return fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, target, count)
}

// unset checks that a standard queue refuses the redrive policy.
func (k *kit) unset(policy string) {
	k.Helper()
	k.refused(k.set(k.queue(nil), attributes{"RedrivePolicy": policy}), "InvalidParameterValue")
}

// pair is a standard queue whose messages are visible again as soon as they were received, and its dead-letter queue.
func (k *kit) pair(count int) (source, dead *string) {
	k.Helper()
	dead = k.queue(nil)
	source = k.queue(attributes{"RedrivePolicy": policy(k.arn(dead), count), "VisibilityTimeout": "0"})
	return source, dead
}

// bury receives from the source until n messages are in the dead-letter queue.
func (k *kit) bury(source, dead *string, n int) {
	k.Helper()
	k.becomes("messages in the dead-letter queue", func() bool {
		k.receives(&sqs.ReceiveMessageInput{QueueUrl: source, MaxNumberOfMessages: 10})
		return k.get(dead, types.QueueAttributeNameApproximateNumberOfMessages)["ApproximateNumberOfMessages"] == fmt.Sprint(n)
	})
}
