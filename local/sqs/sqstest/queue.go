package sqstest

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
)

var queueRules = []rule{
	{"a URL ends in account and name", func(k *kit) {
		name := k.name()
		url := k.create(name, nil)
		part := strings.Split(*url, "/")
		if len(part) != 5 || len(part[3]) != 12 || part[4] != name {
			k.Fatalf("got %q, want scheme://host/account/%s", *url, name)
		}
	}},
	{"creating it again with the same attributes gives the same URL", func(k *kit) {
		name := k.name()
		first := k.create(name, attributes{"VisibilityTimeout": "20"})
		same(k, "URL", *k.create(name, attributes{"VisibilityTimeout": "20"}), *first)
	}},
	{"creating it again without attributes gives the same URL", func(k *kit) {
		name := k.name()
		first := k.create(name, attributes{"VisibilityTimeout": "20"})
		same(k, "URL", *k.create(name, nil), *first)
	}},
	{"creating it again with other attributes is refused", func(k *kit) {
		name := k.name()
		k.create(name, attributes{"DelaySeconds": "1"})
		_, err := k.client.CreateQueue(k.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes{"DelaySeconds": "2"}})
		is[*types.QueueNameExists](k, err)
		k.refused(err, "QueueAlreadyExists")
	}},
	{"a name with other characters than letters, digits, hyphen and underscore is refused", func(k *kit) {
		_, err := k.client.CreateQueue(k.Context(), &sqs.CreateQueueInput{QueueName: aws.String("a/b")})
		k.refused(err, "InvalidParameterValue")
	}},
	{"a name may have 80 characters", func(k *kit) { k.create((k.name() + strings.Repeat("n", 80))[:80], nil) }},
	{"a name of 81 characters is refused", func(k *kit) {
		_, err := k.client.CreateQueue(k.Context(), &sqs.CreateQueueInput{QueueName: aws.String(strings.Repeat("n", 81))})
		k.refused(err, "InvalidParameterValue")
	}},
	{"a FIFO queue's name ends in .fifo", func(k *kit) {
		_, err := k.client.CreateQueue(k.Context(), &sqs.CreateQueueInput{QueueName: aws.String(k.name()), Attributes: attributes{"FifoQueue": "true"}})
		k.refused(err, "InvalidParameterValue")
	}},
	{"a name that ends in .fifo needs FifoQueue", func(k *kit) {
		_, err := k.client.CreateQueue(k.Context(), &sqs.CreateQueueInput{QueueName: aws.String(k.name() + ".fifo")})
		k.refused(err, "InvalidParameterValue")
	}},
	{"a name leads to its URL", func(k *kit) {
		name := k.name()
		url := k.create(name, nil)
		out, err := k.client.GetQueueUrl(k.Context(), &sqs.GetQueueUrlInput{QueueName: &name})
		k.ok(err)
		same(k, "URL", *out.QueueUrl, *url)
	}},
	{"an unknown name leads nowhere", func(k *kit) {
		_, err := k.client.GetQueueUrl(k.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String(k.name())})
		is[*types.QueueDoesNotExist](k, err)
		k.refused(err, "AWS.SimpleQueueService.NonExistentQueue")
	}},
	{"queues are listed by prefix, in pages", func(k *kit) {
		stem := k.name()
		var want, got []string
		for _, n := range []string{"0", "1", "2"} {
			want = append(want, *k.create(stem+n, nil))
		}
		in := &sqs.ListQueuesInput{QueueNamePrefix: &stem, MaxResults: aws.Int32(2)}
		k.becomes("all queues listed", func() bool { // a new queue is listed in its own time
			got, in.NextToken = nil, nil
			for {
				out, err := k.client.ListQueues(k.Context(), in)
				k.ok(err)
				got = append(got, out.QueueUrls...)
				if in.NextToken = out.NextToken; in.NextToken == nil {
					return len(got) >= len(want)
				}
			}
		})
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			k.Fatal(diff)
		}
	}},
	{"a deleted queue is gone", func(k *kit) {
		url := k.queue(nil)
		_, err := k.client.DeleteQueue(k.Context(), &sqs.DeleteQueueInput{QueueUrl: url})
		k.ok(err)
		k.becomes("the queue gone", func() bool { // AWS answers for up to a minute more
			_, err = k.client.SendMessage(k.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("m")})
			return err != nil
		})
		is[*types.QueueDoesNotExist](k, err)
	}},
	{"a deleted queue's name cannot be used again at once", func(k *kit) {
		name := k.name()
		_, err := k.client.DeleteQueue(k.Context(), &sqs.DeleteQueueInput{QueueUrl: k.create(name, nil)})
		k.ok(err)
		_, err = k.client.CreateQueue(k.Context(), &sqs.CreateQueueInput{QueueName: &name})
		is[*types.QueueDeletedRecently](k, err)
		k.refused(err, "AWS.SimpleQueueService.QueueDeletedRecently")
	}},
	{"a purge takes what is visible, in flight and delayed", func(k *kit) {
		url := k.queue(nil)
		k.send(url, "in flight", "visible")
		k.sends(&sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("delayed"), DelaySeconds: 900})
		held := k.one(url)
		_, err := k.client.PurgeQueue(k.Context(), &sqs.PurgeQueueInput{QueueUrl: url})
		k.ok(err)
		k.refused(k.extend(url, held.ReceiptHandle, 0), "InvalidParameterValue")
		k.becomes("nothing left", func() bool {
			for _, n := range k.get(url, "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed") {
				if n != "0" {
					return false
				}
			}
			return true
		})
	}},
	{"a second purge within a minute is refused", func(k *kit) {
		url := k.queue(nil)
		_, err := k.client.PurgeQueue(k.Context(), &sqs.PurgeQueueInput{QueueUrl: url})
		k.ok(err)
		_, err = k.client.PurgeQueue(k.Context(), &sqs.PurgeQueueInput{QueueUrl: url})
		is[*types.PurgeQueueInProgress](k, err)
		k.refused(err, "AWS.SimpleQueueService.PurgeQueueInProgress")
	}},
	{"tags given at creation are kept", func(k *kit) {
		name := k.name()
		want := map[string]string{"team": "finance", "empty": ""}
		out, err := k.client.CreateQueue(k.Context(), &sqs.CreateQueueInput{QueueName: &name, Tags: want})
		k.ok(err)
		k.create(name, nil) // deletes it in the end
		k.tagged(out.QueueUrl, want)
	}},
	{"tags are added, overwritten and taken away", func(k *kit) {
		url := k.queue(nil)
		for _, tags := range []map[string]string{{"a": "1", "b": "1"}, {"b": "2", "c": "2"}} {
			_, err := k.client.TagQueue(k.Context(), &sqs.TagQueueInput{QueueUrl: url, Tags: tags})
			k.ok(err)
		}
		k.tagged(url, map[string]string{"a": "1", "b": "2", "c": "2"})
		_, err := k.client.UntagQueue(k.Context(), &sqs.UntagQueueInput{QueueUrl: url, TagKeys: []string{"a", "c", "unknown"}})
		k.ok(err)
		k.tagged(url, map[string]string{"b": "2"})
	}},
}

func (k *kit) tagged(url *string, want map[string]string) {
	k.Helper()
	out, err := k.client.ListQueueTags(k.Context(), &sqs.ListQueueTagsInput{QueueUrl: url})
	k.ok(err)
	if diff := cmp.Diff(want, out.Tags); diff != "" {
		k.Fatal(diff)
	}
}
