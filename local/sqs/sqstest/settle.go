package sqstest

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

var settleRules = []rule{
	{"a deleted message does not come back", func(k *kit) {
		url, m := k.held(attributes{"VisibilityTimeout": "0"})
		k.ok(k.delete(url, m.ReceiptHandle))
		k.none(url)
	}},
	{"deleting twice is fine", func(k *kit) {
		url, m := k.held(nil)
		for range 3 {
			k.ok(k.delete(url, m.ReceiptHandle))
		}
	}},
	{"the latest handle deletes after its timeout ended", func(k *kit) {
		url, m := k.held(attributes{"VisibilityTimeout": "0"}) // visible again at once
		k.ok(k.delete(url, m.ReceiptHandle))
		k.none(url)
	}},
	{"an older handle is accepted and deletes nothing", func(k *kit) {
		url, first := k.held(nil)
		k.ok(k.extend(url, first.ReceiptHandle, 0))
		second := k.one(url)
		k.ok(k.delete(url, first.ReceiptHandle))
		k.ok(k.extend(url, second.ReceiptHandle, 0))
		same(k, "id", *k.one(url).MessageId, *first.MessageId)
	}},
	{"garbage is no handle", func(k *kit) {
		url := k.queue(nil)
		is[*types.ReceiptHandleIsInvalid](k, k.delete(url, aws.String("garbage")))
		is[*types.ReceiptHandleIsInvalid](k, k.extend(url, aws.String("garbage"), 1))
	}},
	{"a longer timeout holds the message", func(k *kit) {
		url, m := k.held(attributes{"VisibilityTimeout": "1"})
		k.ok(k.extend(url, m.ReceiptHandle, 600))
		if got := k.pollFor(url, 2); len(<-got) != 0 {
			k.Fatal("the message came back")
		}
	}},
	{"a timeout of zero puts the message back at once", func(k *kit) {
		url, m := k.held(nil)
		k.ok(k.extend(url, m.ReceiptHandle, 0))
		same(k, "id", *k.one(url).MessageId, *m.MessageId)
	}},
	{"a changed timeout is not kept for the next receive", func(k *kit) {
		url, m := k.held(nil)
		k.ok(k.extend(url, m.ReceiptHandle, 0))
		k.one(url)
		k.none(url)
	}},
	{"a timeout can be changed after it ended", func(k *kit) {
		url, m := k.held(attributes{"VisibilityTimeout": "0"})
		k.ok(k.extend(url, m.ReceiptHandle, 600))
		k.none(url)
	}},
	{"an older handle still changes the timeout", func(k *kit) {
		url, first := k.held(nil)
		k.ok(k.extend(url, first.ReceiptHandle, 0))
		k.one(url)
		k.ok(k.extend(url, first.ReceiptHandle, 0))
		same(k, "receive count", k.one(url).Attributes["ApproximateReceiveCount"], "3")
	}},
	{"the timeout of a deleted message cannot be changed", func(k *kit) {
		url, m := k.held(nil)
		k.ok(k.delete(url, m.ReceiptHandle))
		k.refused(k.extend(url, m.ReceiptHandle, 42), "InvalidParameterValue")
	}},
	{"a timeout over twelve hours is refused", func(k *kit) {
		url, m := k.held(nil)
		k.refused(k.extend(url, m.ReceiptHandle, 43201), "InvalidParameterValue")
	}},
}

// held is a standard queue with one message, just received.
func (k *kit) held(set attributes) (url *string, m types.Message) {
	k.Helper()
	url = k.queue(set)
	k.send(url, "m")
	return url, k.one(url)
}
