package awstrace

import (
	"maps"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// asked is what a call's input says about where it goes: the queue, the bucket and the key. No other input is told.
func asked(input any) map[string]any {
	block := map[string]any{}
	for field, name := range map[string]string{"QueueUrl": "queue_url", "Bucket": "bucket_name", "Key": "key"} {
		if value := stringField(input, field); value != "" {
			block[name] = value
		}
	}
	if bucket, ok := block["bucket_name"]; ok {
		block["resource_names"] = []any{bucket} // by which X-Ray tells buckets apart
	}
	return block
}

// stringField is the *string called name of the struct that input points to, or "".
func stringField(input any, name string) string {
	v := reflect.ValueOf(input)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return ""
	}
	field := v.Elem().FieldByName(name)
	if !field.IsValid() || !field.CanInterface() {
		return ""
	}
	s, _ := field.Interface().(*string)
	return aws.ToString(s)
}

// answered is what a call's output says about the messages that it made.
func answered(output any) map[string]any {
	switch out := output.(type) {
	case *sqs.SendMessageOutput:
		if out != nil && out.MessageId != nil {
			return map[string]any{"message_id": *out.MessageId}
		}
	case *sqs.SendMessageBatchOutput:
		if out == nil {
			return nil
		}
		var ids []any
		for _, entry := range out.Successful {
			ids = append(ids, aws.ToString(entry.MessageId))
		}
		block := map[string]any{"message_ids": ids}
		if len(out.Failed) > 0 {
			block["failed_messages"] = len(out.Failed) // the call itself went well
		}
		return block
	}
	return nil
}

// withHeader is input with the trace header as a system attribute of each message sent, so that a receiver's segment hangs
// below the call that sent the message and not below the one around it. A header that the caller has set stays, as a copied
// message belongs to the trace of its sender. Input itself is the caller's and is not changed.
func withHeader(input any, header string) any {
	switch in := input.(type) {
	case *sqs.SendMessageInput:
		c := *in
		c.MessageSystemAttributes = attributed(in.MessageSystemAttributes, header)
		return &c
	case *sqs.SendMessageBatchInput:
		c := *in
		c.Entries = slices.Clone(in.Entries)
		for i := range c.Entries {
			c.Entries[i].MessageSystemAttributes = attributed(c.Entries[i].MessageSystemAttributes, header)
		}
		return &c
	}
	return input
}

func attributed(all map[string]types.MessageSystemAttributeValue, header string) map[string]types.MessageSystemAttributeValue {
	const name = string(types.MessageSystemAttributeNameForSendsAWSTraceHeader)
	if _, set := all[name]; set {
		return all
	}
	all = maps.Clone(all)
	if all == nil {
		all = map[string]types.MessageSystemAttributeValue{}
	}
	all[name] = types.MessageSystemAttributeValue{
		DataType: aws.String("String"), StringValue: &header,
	}
	return all
}
