package sqstest

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const (
	header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
	other  = "Root=1-5759e988-000000000000000000000001;Parent=0000000000000001;Sampled=0"
)

var traceRules = []rule{
	{"AWSTraceHeader travels with the message", func(k *kit) {
		url := k.queue(nil)
		k.sends(traced(url, header))
		same(k, "header", k.one(url).Attributes["AWSTraceHeader"], header)
	}},
	{"AWSTraceHeader has its own MD5 and is no part of the attributes'", func(k *kit) {
		in := traced(k.queue(nil), header)
		in.MessageAttributes = messageAttributes{"Foo": text("Bar")}
		out := k.sends(in)
		same(k, "attributes' MD5", *out.MD5OfMessageAttributes, "ae7155c6026991b6d54b11589678bf9c")
		var b []byte
		for _, part := range []string{"AWSTraceHeader", "String"} {
			b = append(binary.BigEndian.AppendUint32(b, uint32(len(part))), part...)
		}
		b = append(binary.BigEndian.AppendUint32(append(b, 1), uint32(len(header))), header...)
		sum := md5.Sum(b)
		same(k, "MD5", aws.ToString(out.MD5OfMessageSystemAttributes), hex.EncodeToString(sum[:]))
	}},
	{"without it the request's X-Amzn-Trace-Id is taken", func(k *kit) {
		url := k.queue(nil)
		k.sends(&sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("m")}, requestHeader(other))
		same(k, "header", k.one(url).Attributes["AWSTraceHeader"], other)
	}},
	{"AWSTraceHeader wins over X-Amzn-Trace-Id", func(k *kit) {
		url := k.queue(nil)
		k.sends(traced(url, header), requestHeader(other))
		same(k, "header", k.one(url).Attributes["AWSTraceHeader"], header)
	}},
	{"each entry of a batch has its own", func(k *kit) {
		url := k.queue(nil)
		batch := entries("with", "without")
		batch[0].MessageSystemAttributes = traced(nil, header).MessageSystemAttributes
		_, err := k.client.SendMessageBatch(k.Context(), &sqs.SendMessageBatchInput{QueueUrl: url, Entries: batch}, requestHeader(other))
		k.ok(err)
		want := map[string]string{"with": header, "without": other}
		for _, m := range k.all(url, 2) {
			same(k, *m.Body, m.Attributes["AWSTraceHeader"], want[*m.Body])
		}
	}},
	{"it must be asked for", func(k *kit) {
		url := k.queue(nil)
		k.sends(traced(url, header))
		got := k.receives(&sqs.ReceiveMessageInput{QueueUrl: url, WaitTimeSeconds: 20, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"SenderId"}})
		same(k, "header", got[0].Attributes["AWSTraceHeader"], "")
	}},
	{"no other system attribute can be sent", func(k *kit) {
		in := traced(nil, header)
		in.MessageSystemAttributes["SenderId"] = in.MessageSystemAttributes["AWSTraceHeader"]
		k.unsent(in, "InvalidParameterValue")
	}},
}

func traced(url *string, header string) *sqs.SendMessageInput {
	return &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("m"), MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{
		"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String(header)}}}
}

// requestHeader sets X-Amzn-Trace-Id on one call.
func requestHeader(value string) func(*sqs.Options) {
	return sqs.WithAPIOptions(smithyhttp.SetHeaderValue("X-Amzn-Trace-Id", value))
}
