package sqstest

import (
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
)

// initial is what a new standard queue has, apart from its name and times.
var initial = attributes{
	"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesDelayed": "0", "ApproximateNumberOfMessagesNotVisible": "0",
	"DelaySeconds": "0", "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "345600", "ReceiveMessageWaitTimeSeconds": "0",
	"SqsManagedSseEnabled": "true", "VisibilityTimeout": "30",
}

var attributeRules = []rule{
	{"a standard queue begins with the defaults", func(k *kit) { k.begins(k.queue(nil), initial) }},
	{"a FIFO queue begins with the defaults", func(k *kit) {
		want := maps.Clone(initial)
		maps.Copy(want, attributes{"FifoQueue": "true", "ContentBasedDeduplication": "false", "DeduplicationScope": "queue", "FifoThroughputLimit": "perQueue"})
		k.begins(k.fifo(attributes{"ContentBasedDeduplication": "false"}), want)
	}},
	{"what is set is answered back", func(k *kit) {
		url := k.queue(nil)
		want := attributes{"VisibilityTimeout": "69", "DelaySeconds": "420", "MaximumMessageSize": "2048"}
		k.ok(k.set(url, want))
		if diff := cmp.Diff(want, k.get(url, "VisibilityTimeout", "DelaySeconds", "MaximumMessageSize")); diff != "" {
			k.Fatal(diff)
		}
	}},
	{"only what was asked for is answered", func(k *kit) {
		got := k.get(k.queue(nil), "DelaySeconds", "RedrivePolicy")
		if diff := cmp.Diff(attributes{"DelaySeconds": "0"}, got); diff != "" {
			k.Fatal(diff)
		}
	}},
	{"an unknown name cannot be asked for", func(k *kit) {
		_, err := k.client.GetQueueAttributes(k.Context(), &sqs.GetQueueAttributesInput{QueueUrl: k.queue(nil), AttributeNames: []types.QueueAttributeName{"Colour"}})
		is[*types.InvalidAttributeName](k, err)
	}},
	{"an unknown name cannot be set", func(k *kit) {
		is[*types.InvalidAttributeName](k, k.set(k.queue(nil), attributes{"Colour": "red"}))
	}},
	{"VisibilityTimeout is 0 to 43200", func(k *kit) { k.bounds("VisibilityTimeout", "-1", "0", "43200", "43201") }},
	{"DelaySeconds is 0 to 900", func(k *kit) { k.bounds("DelaySeconds", "-1", "0", "900", "901") }},
	{"ReceiveMessageWaitTimeSeconds is 0 to 20", func(k *kit) { k.bounds("ReceiveMessageWaitTimeSeconds", "-1", "0", "20", "21") }},
	{"MessageRetentionPeriod is 60 to 1209600", func(k *kit) { k.bounds("MessageRetentionPeriod", "59", "60", "1209600", "1209601") }},
	{"MaximumMessageSize is 1024 to 1048576", func(k *kit) { k.bounds("MaximumMessageSize", "1023", "1024", "1048576", "1048577") }},
	{"a number must be one", func(k *kit) {
		is[*types.InvalidAttributeValue](k, k.set(k.queue(nil), attributes{"DelaySeconds": "soon"}))
	}},
	{"FifoQueue is unknown to standard queues", func(k *kit) {
		is[*types.InvalidAttributeName](k, k.set(k.queue(nil), attributes{"FifoQueue": "true"}))
	}},
	{"ContentBasedDeduplication is unknown to standard queues", func(k *kit) {
		is[*types.InvalidAttributeName](k, k.set(k.queue(nil), attributes{"ContentBasedDeduplication": "true"}))
	}},
	{"DeduplicationScope is for FIFO queues only", func(k *kit) {
		is[*types.InvalidAttributeName](k, k.set(k.queue(nil), attributes{"DeduplicationScope": "queue"}))
	}},
	{"a FIFO queue stays one", func(k *kit) {
		is[*types.InvalidAttributeValue](k, k.set(k.fifo(nil), attributes{"FifoQueue": "false"}))
	}},
	{"messages are counted where they are", func(k *kit) {
		url := k.queue(nil)
		k.send(url, "a", "b", "c")
		k.sends(&sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("later"), DelaySeconds: 900})
		k.one(url)
		want := attributes{"ApproximateNumberOfMessages": "2", "ApproximateNumberOfMessagesNotVisible": "1", "ApproximateNumberOfMessagesDelayed": "1"}
		k.becomes("counts", func() bool {
			return maps.Equal(want, k.get(url, "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"))
		})
	}},
}

// begins checks all attributes of a new queue.
func (k *kit) begins(url *string, want attributes) {
	k.Helper()
	got := k.get(url, "All")
	for _, name := range []string{"QueueArn", "CreatedTimestamp", "LastModifiedTimestamp"} {
		if got[name] == "" {
			k.Errorf("%s is missing", name)
		}
		delete(got, name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		k.Fatal(diff)
	}
}

// bounds checks that the two middle values can be set and the outer two cannot.
func (k *kit) bounds(name, below, least, most, above string) {
	k.Helper()
	url := k.queue(nil)
	k.ok(k.set(url, attributes{name: least}))
	k.ok(k.set(url, attributes{name: most}))
	for _, value := range []string{below, above} {
		is[*types.InvalidAttributeValue](k, k.set(url, attributes{name: value}))
	}
}
