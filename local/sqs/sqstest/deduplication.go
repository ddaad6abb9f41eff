package sqstest

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

var deduplicationRules = []rule{
	{"an id or content-based deduplication is needed", func(k *kit) {
		_, err := k.client.SendMessage(k.Context(), &sqs.SendMessageInput{QueueUrl: k.fifo(attributes{"ContentBasedDeduplication": "false"}),
			MessageBody: aws.String("m"), MessageGroupId: aws.String("g")})
		k.refused(err, "InvalidParameterValue")
	}},
	{"an id has 1 to 128 characters of punctuation and alphanumerics", func(k *kit) {
		url := k.fifo(nil)
		k.sendAs(url, "g", strings.Repeat("d", 128), "m")
		for _, id := range []string{"", "two words", strings.Repeat("d", 129)} {
			_, err := k.client.SendMessage(k.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("m"), MessageGroupId: aws.String("g"), MessageDeduplicationId: &id})
			k.refused(err, "InvalidParameterValue")
		}
	}},
	{"the same id is accepted, answered alike and not delivered again", func(k *kit) {
		url := k.fifo(nil)
		first, second := k.sendAs(url, "g", "d", "1"), k.sendAs(url, "g", "d", "2")
		same(k, "id", *second.MessageId, *first.MessageId)
		same(k, "sequence number", *second.SequenceNumber, *first.SequenceNumber)
		k.takes(url, 10, "1")
	}},
	{"the same body is a duplicate where content decides", func(k *kit) {
		url := k.fifo(nil)
		k.sendTo(url, "g", "m", "m", "n")
		k.takes(url, 10, "m", "n")
	}},
	{"the content's id is its SHA-256", func(k *kit) {
		url := k.fifo(nil)
		k.sendTo(url, "g", "m")
		sum := sha256.Sum256([]byte("m"))
		same(k, "id", k.one(url).Attributes["MessageDeduplicationId"], hex.EncodeToString(sum[:]))
	}},
	{"an id wins over the content", func(k *kit) {
		url := k.fifo(nil)
		k.sendAs(url, "g", "1", "m")
		k.sendAs(url, "g", "2", "m")
		k.takes(url, 10, "m", "m")
	}},
	{"an id is remembered after its message was deleted", func(k *kit) {
		url := k.fifo(nil)
		k.sendAs(url, "g", "d", "1")
		k.ok(k.delete(url, k.one(url).ReceiptHandle))
		k.sendAs(url, "g", "d", "2")
		k.none(url)
	}},
	{"an id counts for the whole queue", func(k *kit) {
		url := k.fifo(nil)
		k.sendAs(url, "a", "d", "1")
		k.sendAs(url, "b", "d", "2")
		k.takes(url, 10, "1")
		k.none(url)
	}},
	{"an id counts for its group where the scope says so", func(k *kit) {
		url := k.fifo(attributes{"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"})
		k.sendAs(url, "a", "d", "1")
		k.sendAs(url, "b", "d", "2")
		k.sendAs(url, "b", "d", "3")
		same(k, "messages", len(k.all(url, 2)), 2)
		k.none(url)
	}},
	{"a purge forgets the ids", func(k *kit) {
		url := k.fifo(nil)
		k.sendAs(url, "g", "d", "1")
		_, err := k.client.PurgeQueue(k.Context(), &sqs.PurgeQueueInput{QueueUrl: url})
		k.ok(err)
		k.sendAs(url, "g", "d", "2")
		k.takes(url, 10, "2")
	}},
}

func (k *kit) sendAs(url *string, group, id, body string) *sqs.SendMessageOutput {
	k.Helper()
	return k.sends(&sqs.SendMessageInput{QueueUrl: url, MessageBody: &body, MessageGroupId: &group, MessageDeduplicationId: &id})
}
