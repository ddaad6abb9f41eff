package sqstest

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const mebibyte = 1 << 20

var sendRules = []rule{
	{"the answer has an id and the body's MD5", func(k *kit) {
		url := k.queue(nil)
		out := k.sends(&sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("test")})
		same(k, "MD5", *out.MD5OfMessageBody, "098f6bcd4621d373cade4e832627b4f6")
		got := k.one(url)
		same(k, "id", *got.MessageId, *out.MessageId)
		same(k, "received MD5", *got.MD5OfBody, *out.MD5OfMessageBody)
	}},
	{"a standard queue gives no sequence number", func(k *kit) {
		out := k.sends(&sqs.SendMessageInput{QueueUrl: k.queue(nil), MessageBody: aws.String("test")})
		if out.SequenceNumber != nil {
			k.Fatalf("got %q", *out.SequenceNumber)
		}
	}},
	{"a body arrives as it was sent", func(k *kit) {
		url := k.queue(nil)
		want := "{\"firma\":\"Müller & Söhne <GmbH>\", \"日本\":\"商事\"}\r\n\t\u00a0\u2028💶 \\ /"
		k.send(url, want)
		same(k, "body", *k.one(url).Body, want)
	}},
	{"an empty body is refused", func(k *kit) { k.unsent(&sqs.SendMessageInput{MessageBody: aws.String("")}, "MissingParameter") }},
	{"control characters are refused", func(k *kit) {
		for _, body := range []string{"a\x00", "a\x08", "a\x0b", "a\x1f", "a\ufffe"} {
			_, err := k.client.SendMessage(k.Context(), &sqs.SendMessageInput{QueueUrl: k.queue(nil), MessageBody: &body})
			is[*types.InvalidMessageContents](k, err)
		}
	}},
	{"1 MiB is taken", func(k *kit) {
		url := k.queue(nil)
		k.send(url, strings.Repeat("m", mebibyte))
		same(k, "bytes", len(*k.one(url).Body), mebibyte)
	}},
	{"one byte more is refused", func(k *kit) {
		k.unsent(&sqs.SendMessageInput{MessageBody: aws.String(strings.Repeat("m", mebibyte+1))}, "InvalidParameterValue")
	}},
	{"attributes count as part of the size", func(k *kit) {
		in := &sqs.SendMessageInput{QueueUrl: k.queue(attributes{"MaximumMessageSize": "1024"}), MessageBody: aws.String(strings.Repeat("m", 1024-len("k")-len("String")-len("v"))),
			MessageAttributes: map[string]types.MessageAttributeValue{"k": text("v")}}
		k.sends(in)
		in.MessageBody = aws.String(*in.MessageBody + "m")
		_, err := k.client.SendMessage(k.Context(), in)
		k.refused(err, "InvalidParameterValue")
	}},
	{"a delayed message is held, and a waiting poll gets it when the delay ends", func(k *kit) {
		url := k.queue(nil)
		k.sends(&sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("later"), DelaySeconds: 1})
		k.none(url)
		same(k, "body", *k.one(url).Body, "later")
	}},
	{"the queue's delay holds for messages without their own", func(k *kit) {
		url := k.queue(attributes{"DelaySeconds": "900"})
		k.send(url, "later")
		k.sends(&sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("sooner"), DelaySeconds: 1})
		same(k, "body", *k.one(url).Body, "sooner")
		k.none(url)
	}},
	{"a delay over 900 seconds is refused", func(k *kit) {
		k.unsent(&sqs.SendMessageInput{MessageBody: aws.String("m"), DelaySeconds: 901}, "InvalidParameterValue")
	}},
	{"a negative delay is refused", func(k *kit) {
		k.unsent(&sqs.SendMessageInput{MessageBody: aws.String("m"), DelaySeconds: -1}, "InvalidParameterValue")
	}},
	{"a standard queue takes a group and gives it back", func(k *kit) {
		url := k.queue(nil)
		k.sendTo(url, "tenant-1", "m")
		same(k, "group", k.one(url).Attributes["MessageGroupId"], "tenant-1")
	}},
	{"a group of other than punctuation and alphanumerics is refused", func(k *kit) {
		for _, group := range []string{"", "two words", strings.Repeat("g", 129)} {
			k.unsent(&sqs.SendMessageInput{MessageBody: aws.String("m"), MessageGroupId: &group}, "InvalidParameterValue")
		}
	}},
	{"a standard queue takes no deduplication id", func(k *kit) {
		k.unsent(&sqs.SendMessageInput{MessageBody: aws.String("m"), MessageDeduplicationId: aws.String("d")}, "InvalidParameterValue")
	}},
	{"an unknown queue is refused", func(k *kit) {
		gone := *k.queue(nil) + "-not"
		_, err := k.client.SendMessage(k.Context(), &sqs.SendMessageInput{QueueUrl: &gone, MessageBody: aws.String("m")})
		is[*types.QueueDoesNotExist](k, err)
	}},
}

// unsent checks that a standard queue refuses the message.
func (k *kit) unsent(in *sqs.SendMessageInput, code string) {
	k.Helper()
	in.QueueUrl = k.queue(nil)
	_, err := k.client.SendMessage(k.Context(), in)
	k.refused(err, code)
}

func text(value string) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: &value}
}
