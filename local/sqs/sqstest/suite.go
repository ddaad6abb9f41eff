// Package sqstest is what it means to be SQS, written down as rules: one subtest a rule, named for it, spoken through the AWS SDK.
// It stands beside local/sqs and is run against it; pointed at AWS it tells whether the rules themselves are right. It leaves
// out what only the clock or the raw wire can show, which local/sqs tests by itself.
//
// Every rule makes its own queues and deletes them. No order is expected of standard queues, and counts may take their time.
package sqstest

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// rule is one thing that SQS does, and how to see it.
type rule struct {
	name  string
	check func(k *kit)
}

// Run holds the SQS behind the client against every rule. A client that does not retry shows errors as they are.
func Run(t *testing.T, client *sqs.Client) {
	for _, chapter := range []struct {
		name  string
		rules []rule
	}{
		{"queue", queueRules},
		{"attribute", attributeRules},
		{"send", sendRules},
		{"message attribute", messageAttributeRules},
		{"batch", batchRules},
		{"receive", receiveRules},
		{"settle", settleRules},
		{"trace header", traceRules},
		{"fifo", fifoRules},
		{"deduplication", deduplicationRules},
		{"dead letter", deadLetterRules},
		{"move task", moveTaskRules},
	} {
		t.Run(chapter.name, func(t *testing.T) {
			t.Parallel() // most rules that take long only wait
			for _, r := range chapter.rules {
				t.Run(r.name, func(t *testing.T) {
					t.Parallel()
					r.check(&kit{T: t, client: client})
				})
			}
		})
	}
}
