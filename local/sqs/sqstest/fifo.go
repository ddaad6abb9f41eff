package sqstest

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"
)

var fifoRules = []rule{
	{"a group is needed", func(k *kit) {
		_, err := k.client.SendMessage(k.Context(), &sqs.SendMessageInput{QueueUrl: k.fifo(nil), MessageBody: aws.String("m")})
		k.refused(err, "MissingParameter")
	}},
	{"a group has 1 to 128 characters of punctuation and alphanumerics", func(k *kit) {
		url := k.fifo(nil)
		k.sendTo(url, strings.Repeat("g", 128), "m")
		for _, group := range []string{"", "two words", strings.Repeat("g", 129)} {
			_, err := k.client.SendMessage(k.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("m"), MessageGroupId: &group})
			k.refused(err, "InvalidParameterValue")
		}
	}},
	{"a message has group, deduplication id and sequence number", func(k *kit) {
		url := k.fifo(nil)
		out := k.sends(&sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("m"), MessageGroupId: aws.String("g"), MessageDeduplicationId: aws.String("d")})
		got := k.one(url).Attributes
		same(k, "attributes", len(got), 7)
		same(k, "group", got["MessageGroupId"], "g")
		same(k, "deduplication id", got["MessageDeduplicationId"], "d")
		same(k, "sequence number", got["SequenceNumber"], *out.SequenceNumber)
	}},
	{"sequence numbers of twenty digits increase", func(k *kit) {
		url := k.fifo(nil)
		last := ""
		for _, body := range []string{"a", "b", "c"} {
			out := k.sends(&sqs.SendMessageInput{QueueUrl: url, MessageBody: &body, MessageGroupId: aws.String("g")})
			if len(*out.SequenceNumber) != 20 || *out.SequenceNumber <= last {
				k.Fatalf("got %q after %q", *out.SequenceNumber, last)
			}
			last = *out.SequenceNumber
		}
	}},
	{"a group keeps its order", func(k *kit) {
		url := k.fifo(nil)
		k.sendTo(url, "g", "1", "2", "3", "4")
		k.takes(url, 10, "1", "2", "3", "4")
	}},
	{"a receive fills up from one group before the next", func(k *kit) {
		url := k.fifo(nil)
		k.sendTo(url, "a", "a1")
		k.sendTo(url, "b", "b1")
		k.sendTo(url, "a", "a2")
		k.takes(url, 2, "a1", "a2")
		k.takes(url, 2, "b1")
	}},
	{"a group is locked while a message of it is in flight", func(k *kit) {
		url := k.fifo(nil)
		k.sendTo(url, "g", "1", "2")
		k.takes(url, 1, "1")
		k.sendTo(url, "g", "3")
		k.none(url)
	}},
	{"other groups go on", func(k *kit) {
		url := k.fifo(nil)
		k.sendTo(url, "a", "a1", "a2")
		k.sendTo(url, "b", "b1")
		k.takes(url, 1, "a1")
		k.takes(url, 10, "b1")
	}},
	{"a delete frees the group, and a waiting poll goes on", func(k *kit) {
		url := k.fifo(nil)
		k.sendTo(url, "g", "1", "2")
		first := k.one(url)
		got := k.poll(url)
		k.ok(k.delete(url, first.ReceiptHandle))
		same(k, "body", *(<-got)[0].Body, "2")
	}},
	{"the group stays locked until all its messages in flight are deleted", func(k *kit) {
		url := k.fifo(nil)
		k.sendTo(url, "g", "1", "2", "3")
		got := k.some(url, 2)
		k.ok(k.delete(url, got[0].ReceiptHandle))
		k.none(url)
		k.ok(k.delete(url, got[1].ReceiptHandle))
		k.takes(url, 10, "3")
	}},
	{"an empty group can be filled again", func(k *kit) {
		url := k.fifo(nil)
		k.sendTo(url, "g", "1")
		k.ok(k.delete(url, k.one(url).ReceiptHandle))
		k.none(url)
		k.sendTo(url, "g", "2")
		k.takes(url, 10, "2")
	}},
	{"redelivery keeps the order", func(k *kit) {
		url := k.fifo(attributes{"VisibilityTimeout": "0"})
		k.sendTo(url, "g", "1", "2", "3")
		k.takes(url, 10, "1", "2", "3")
		k.takes(url, 10, "1", "2", "3")
	}},
	{"a hidden message holds back only those after it", func(k *kit) {
		url := k.fifo(nil)
		k.sendTo(url, "g", "1", "2", "3")
		k.ok(k.extend(url, k.some(url, 2)[0].ReceiptHandle, 0))
		k.takes(url, 10, "1")
	}},
	{"a message has no delay of its own", func(k *kit) {
		_, err := k.client.SendMessage(k.Context(), &sqs.SendMessageInput{QueueUrl: k.fifo(nil), MessageBody: aws.String("m"), MessageGroupId: aws.String("g"), DelaySeconds: 2})
		k.refused(err, "InvalidParameterValue")
	}},
	{"the queue's delay holds", func(k *kit) {
		url := k.fifo(attributes{"DelaySeconds": "1"})
		k.sendTo(url, "g", "1", "2")
		k.none(url)
		k.takes(url, 1, "1")
	}},
	{"a handle whose timeout ended does not delete", func(k *kit) {
		url := k.fifo(attributes{"VisibilityTimeout": "0"})
		k.sendTo(url, "g", "1")
		k.refused(k.delete(url, k.one(url).ReceiptHandle), "InvalidParameterValue")
		k.takes(url, 1, "1")
	}},
	{"an extended handle deletes", func(k *kit) {
		url := k.fifo(attributes{"VisibilityTimeout": "5"})
		k.sendTo(url, "g", "1")
		m := k.one(url)
		k.ok(k.extend(url, m.ReceiptHandle, 60))
		k.ok(k.delete(url, m.ReceiptHandle))
		k.none(url)
	}},
}

// takes checks what one receive for up to n messages brings, in its order.
func (k *kit) takes(url *string, n int32, want ...string) {
	k.Helper()
	if diff := cmp.Diff(want, bodies(k.some(url, n))); diff != "" {
		k.Fatal(diff)
	}
}
