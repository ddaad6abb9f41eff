// Package queue receives messages from Amazon SQS, keeps them while they are worked on, settles them, and sends new ones.
// It stands on the second floor beside pipeline and imports nothing of ours: a message is bytes and a trace header here.
// It does not know reports, it does not decide whether work is done (the ledger does, the visibility timeout only follows),
// and it makes no trace of its own polls and renewals; a lost visibility costs a redelivery and nothing else.
package queue

import (
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// MaxBytes is the largest message that SQS takes: body and message attributes together.
const MaxBytes = 1 << 20

// Message is one delivery of one message. The same message may be delivered again, also while it is still worked on.
type Message struct {
	ID            string
	ReceiptHandle string // of this delivery; good for this package only
	Body          []byte
	TraceHeader   string // AWSTraceHeader as it came, unchecked; "" when there is none

	ReceiveCount    int       // deliveries so far, this one included; released and lost ones count too
	SentAt          time.Time // when SQS took it, UTC; zero when SQS did not say
	FirstReceivedAt time.Time // when it was first delivered, UTC; zero when SQS did not say
	ReceivedAt      time.Time // when this delivery reached this process, by its own clock

	Group           string // message group; "" on most standard queues
	DeduplicationID string // FIFO only
	SequenceNumber  string // FIFO only
	DeadLetterOf    string // ARN of the queue that SQS itself moved the message from; "" otherwise

	// Attributes are the message attributes as text; a binary value stands as its bytes.
	Attributes map[string]string
}

// systemAttributes are asked for by name: what is not asked for does not come, AWSTraceHeader least of all.
var systemAttributes = []types.MessageSystemAttributeName{
	types.MessageSystemAttributeNameAWSTraceHeader,
	types.MessageSystemAttributeNameApproximateReceiveCount,
	types.MessageSystemAttributeNameSentTimestamp,
	types.MessageSystemAttributeNameApproximateFirstReceiveTimestamp,
	types.MessageSystemAttributeNameMessageGroupId,
	types.MessageSystemAttributeNameMessageDeduplicationId,
	types.MessageSystemAttributeNameSequenceNumber,
	types.MessageSystemAttributeNameDeadLetterQueueSourceArn,
}

// read turns what SQS sent into a Message. Nothing is sized by a number in the message: all memory is what has arrived.
func read(raw types.Message, at time.Time) Message {
	system := func(name types.MessageSystemAttributeName) string { return raw.Attributes[string(name)] }
	return Message{
		ID:              text(raw.MessageId),
		ReceiptHandle:   text(raw.ReceiptHandle),
		Body:            []byte(text(raw.Body)),
		TraceHeader:     system(types.MessageSystemAttributeNameAWSTraceHeader),
		ReceiveCount:    count(system(types.MessageSystemAttributeNameApproximateReceiveCount)),
		SentAt:          instant(system(types.MessageSystemAttributeNameSentTimestamp)),
		FirstReceivedAt: instant(system(types.MessageSystemAttributeNameApproximateFirstReceiveTimestamp)),
		ReceivedAt:      at,
		Group:           system(types.MessageSystemAttributeNameMessageGroupId),
		DeduplicationID: system(types.MessageSystemAttributeNameMessageDeduplicationId),
		SequenceNumber:  system(types.MessageSystemAttributeNameSequenceNumber),
		DeadLetterOf:    system(types.MessageSystemAttributeNameDeadLetterQueueSourceArn),
		Attributes:      plain(raw.MessageAttributes),
	}
}

func plain(raw map[string]types.MessageAttributeValue) map[string]string {
	attributes := make(map[string]string, len(raw))
	for name, value := range raw {
		if value.StringValue != nil {
			attributes[name] = *value.StringValue
		} else {
			attributes[name] = string(value.BinaryValue)
		}
	}
	return attributes
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// count reads a delivery count; a delivery that we hold is at least the first.
func count(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 1
	}
	return n
}

// instant reads milliseconds since 1970.
func instant(s string) time.Time {
	ms, err := strconv.ParseInt(s, 10, 64)
	if err != nil || ms <= 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
