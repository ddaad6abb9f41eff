package sqstest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
)

var batchRules = []rule{
	{"each entry is answered and arrives", func(k *kit) {
		url := k.queue(nil)
		out, err := k.sendBatch(url, entries("a", "b", "c"))
		k.ok(err)
		same(k, "successful", len(out.Successful), 3)
		for i, id := range []string{"0", "1", "2"} {
			same(k, "id", *out.Successful[i].Id, id)
		}
		got := bodies(k.all(url, 3))
		slices.Sort(got)
		if diff := cmp.Diff([]string{"a", "b", "c"}, got); diff != "" {
			k.Fatal(diff)
		}
	}},
	{"an empty batch is refused", func(k *kit) {
		_, err := k.sendBatch(k.queue(nil), []types.SendMessageBatchRequestEntry{})
		is[*types.EmptyBatchRequest](k, err)
		k.refused(err, "AWS.SimpleQueueService.EmptyBatchRequest")
	}},
	{"eleven entries are refused", func(k *kit) {
		_, err := k.sendBatch(k.queue(nil), entries(slices.Repeat([]string{"m"}, 11)...))
		is[*types.TooManyEntriesInBatchRequest](k, err)
		k.refused(err, "AWS.SimpleQueueService.TooManyEntriesInBatchRequest")
	}},
	{"ids must differ", func(k *kit) {
		batch := entries("a", "b")
		batch[1].Id = batch[0].Id
		_, err := k.sendBatch(k.queue(nil), batch)
		is[*types.BatchEntryIdsNotDistinct](k, err)
	}},
	{"ids have rules", func(k *kit) {
		for _, id := range []string{"", "not:this", strings.Repeat("i", 81)} {
			batch := entries("a")
			batch[0].Id = &id
			_, err := k.sendBatch(k.queue(nil), batch)
			is[*types.InvalidBatchEntryId](k, err)
		}
	}},
	{"a batch over 1 MiB is refused", func(k *kit) {
		half := strings.Repeat("m", mebibyte/2)
		_, err := k.sendBatch(k.queue(nil), entries(half, half))
		k.ok(err)
		_, err = k.sendBatch(k.queue(nil), entries(half, half, "m"))
		is[*types.BatchRequestTooLong](k, err)
	}},
	{"a bad entry fails alone", func(k *kit) {
		url := k.queue(nil)
		out, err := k.sendBatch(url, entries("a", "\x01", "c"))
		k.ok(err)
		same(k, "successful", len(out.Successful), 2)
		same(k, "failed", len(out.Failed), 1)
		same(k, "id", *out.Failed[0].Id, "1")
		same(k, "code", *out.Failed[0].Code, "InvalidMessageContents")
		same(k, "sender's fault", out.Failed[0].SenderFault, true)
	}},
	{"an entry over the queue's size fails alone", func(k *kit) {
		out, err := k.sendBatch(k.queue(attributes{"MaximumMessageSize": "1024"}), entries(strings.Repeat("m", 1025), "b"))
		k.ok(err)
		same(k, "failed", len(out.Failed), 1)
		same(k, "code", *out.Failed[0].Code, "InvalidParameterValue")
	}},
	{"one entry without a group refuses a FIFO batch", func(k *kit) {
		url := k.fifo(nil)
		batch := entries("a", "b")
		batch[0].MessageGroupId = aws.String("g")
		_, err := k.sendBatch(url, batch)
		k.refused(err, "InvalidParameterValue")
		k.none(url)
	}},
	{"one entry without a deduplication id refuses a FIFO batch", func(k *kit) {
		batch := entries("a")
		batch[0].MessageGroupId = aws.String("g")
		_, err := k.sendBatch(k.fifo(attributes{"ContentBasedDeduplication": "false"}), batch)
		k.refused(err, "InvalidParameterValue")
	}},
	{"deletes are answered one by one", func(k *kit) {
		url := k.queue(nil)
		k.send(url, "m")
		out, err := k.client.DeleteMessageBatch(k.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: url, Entries: []types.DeleteMessageBatchRequestEntry{
			{Id: aws.String("good"), ReceiptHandle: k.one(url).ReceiptHandle}, {Id: aws.String("bad"), ReceiptHandle: aws.String("garbage")}}})
		k.ok(err)
		same(k, "successful", len(out.Successful), 1)
		same(k, "failed", len(out.Failed), 1)
		same(k, "code", *out.Failed[0].Code, "ReceiptHandleIsInvalid")
	}},
	{"visibility changes are answered one by one", func(k *kit) {
		url := k.queue(nil)
		k.send(url, "m")
		out, err := k.client.ChangeMessageVisibilityBatch(k.Context(), &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: url, Entries: []types.ChangeMessageVisibilityBatchRequestEntry{
			{Id: aws.String("good"), ReceiptHandle: k.one(url).ReceiptHandle}, {Id: aws.String("bad"), ReceiptHandle: aws.String("garbage")}}})
		k.ok(err)
		same(k, "successful", *out.Successful[0].Id, "good")
		same(k, "failed", *out.Failed[0].Id, "bad")
		k.one(url) // its timeout is over
	}},
}

// entries is a batch of bodies with the ids 0, 1, 2, …
func entries(bodies ...string) []types.SendMessageBatchRequestEntry {
	var batch []types.SendMessageBatchRequestEntry
	for i, body := range bodies {
		batch = append(batch, types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: &body})
	}
	return batch
}

func (k *kit) sendBatch(url *string, batch []types.SendMessageBatchRequestEntry) (*sqs.SendMessageBatchOutput, error) {
	return k.client.SendMessageBatch(k.Context(), &sqs.SendMessageBatchInput{QueueUrl: url, Entries: batch})
}
