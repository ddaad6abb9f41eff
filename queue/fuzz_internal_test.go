package queue

import (
	"encoding/json"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// What an endpoint says about a message is taken as it comes: nothing in it may panic or become nonsense.
func FuzzRead(f *testing.F) {
	f.Add("1", "1545082649183", "body")
	f.Add("", "", "")
	f.Add("-3", "-1", "\x00")
	f.Add("99999999999999999999", "9223372036854775807", "日本")
	f.Fuzz(func(t *testing.T, receives, sent, body string) {
		at := time.Unix(1, 0)
		m := read(types.Message{Body: &body, Attributes: map[string]string{
			"ApproximateReceiveCount": receives, "SentTimestamp": sent, "ApproximateFirstReceiveTimestamp": sent,
		}}, at)
		if m.ReceiveCount < 1 || string(m.Body) != body || m.ReceivedAt != at || !m.SentAt.Equal(m.FirstReceivedAt) {
			t.Errorf("got %+v", m)
		}
	})
}

func FuzzReadPolicy(f *testing.F) {
	f.Add(`{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":"100"}`)
	f.Add(`{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":100}`)
	f.Add(`{"maxReceiveCount":{}}`)
	f.Add(`{`)
	f.Add(``)
	f.Fuzz(func(t *testing.T, policy string) {
		arn, count, err := readPolicy(policy)
		if err != nil {
			return
		}
		// What was read writes the same policy again.
		again, _ := json.Marshal(map[string]any{"deadLetterTargetArn": arn, "maxReceiveCount": count})
		if arn2, count2, err := readPolicy(string(again)); err != nil || count2 != count || utf8.ValidString(arn) && arn2 != arn {
			t.Errorf("%s was read as %q %d, and that as %q %d, %v", policy, arn, count, arn2, count2, err)
		}
	})
}

func FuzzClean(f *testing.F) {
	f.Add("bad job", 1024)
	f.Add("", 0)
	f.Add("\x00\xff\ufffe日本", 7)
	f.Fuzz(func(t *testing.T, s string, bytes int) {
		bytes = 32 + max(0, min(bytes, 2048))
		got := clean(s, bytes)
		if got == "" || len(got) > bytes || !utf8.ValidString(got) {
			t.Errorf("clean(%q, %d) = %q", s, bytes, got)
		}
		for _, r := range got {
			if !allowedRune(r) {
				t.Errorf("%q is left in %q", r, got)
			}
		}
	})
}

// The largest message leaves no room, and whatever is put beside a body keeps to the limit.
func FuzzLetter(f *testing.F) {
	f.Add(0, "bad job", "note")
	f.Add(MaxBytes, "bad job", "note")
	f.Add(MaxBytes-60, "bad job", "note")
	f.Fuzz(func(t *testing.T, body int, reason, note string) {
		body = max(0, min(body, MaxBytes))
		d := &delivery{
			message:    Message{ID: "5fea7756-0ea4-451a-a703-a558b933e274", Body: make([]byte, body)},
			attributes: map[string]types.MessageAttributeValue{"note": {DataType: aws.String("String"), StringValue: &note}},
		}
		input := letter("http://127.0.0.1/0/dead", d, reason, false)
		size := len(*input.MessageBody)
		for name, value := range input.MessageAttributes {
			size += len(name) + len(*value.DataType) + len(*value.StringValue)
		}
		if size > MaxBytes {
			t.Errorf("a letter of %d bytes", size)
		}
	})
}
