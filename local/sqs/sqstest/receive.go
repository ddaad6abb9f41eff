package sqstest

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

var receiveRules = []rule{
	{"no attributes come unless asked for", func(k *kit) {
		url := k.queue(nil)
		k.send(url, "m")
		got := k.receives(&sqs.ReceiveMessageInput{QueueUrl: url, WaitTimeSeconds: 20})
		same(k, "attributes", len(got[0].Attributes), 0)
	}},
	{"All asks for every system attribute there is", func(k *kit) {
		url := k.queue(nil)
		before := time.Now().Add(-5 * time.Minute) // clocks differ
		k.send(url, "m")
		got := k.one(url).Attributes
		same(k, "attributes", len(got), 4)
		same(k, "receive count", got["ApproximateReceiveCount"], "1")
		for _, name := range []string{"SentTimestamp", "ApproximateFirstReceiveTimestamp"} {
			ms, err := strconv.ParseInt(got[name], 10, 64)
			k.ok(err)
			if at := time.UnixMilli(ms); at.Before(before) || at.After(before.Add(10*time.Minute)) {
				k.Fatalf("%s: got %v", name, at)
			}
		}
		if got["SenderId"] == "" {
			k.Fatal("SenderId is missing")
		}
	}},
	{"a system attribute can be asked for by name, in the old field too", func(k *kit) {
		url := k.queue(nil)
		k.send(url, "m")
		//lint:ignore SA1019 the old field is what older programs still send
		got := k.receives(&sqs.ReceiveMessageInput{QueueUrl: url, WaitTimeSeconds: 20, AttributeNames: []types.QueueAttributeName{"SenderId"}})
		same(k, "attributes", len(got[0].Attributes), 1)
	}},
	{"one receive takes up to ten", func(k *kit) {
		_, err := k.client.ReceiveMessage(k.Context(), &sqs.ReceiveMessageInput{QueueUrl: k.queue(nil), MaxNumberOfMessages: 11})
		k.refused(err, "InvalidParameterValue")
	}},
	{"a wait is 0 to 20 seconds", func(k *kit) {
		for _, wait := range []int32{-1, 21} {
			_, err := k.client.ReceiveMessage(k.Context(), &sqs.ReceiveMessageInput{QueueUrl: k.queue(nil), WaitTimeSeconds: wait})
			k.refused(err, "InvalidParameterValue")
		}
	}},
	{"a visibility timeout is 0 to 43200 seconds", func(k *kit) {
		for _, timeout := range []int32{-1, 43201} {
			_, err := k.client.ReceiveMessage(k.Context(), &sqs.ReceiveMessageInput{QueueUrl: k.queue(nil), VisibilityTimeout: timeout})
			k.refused(err, "InvalidParameterValue")
		}
	}},
	{"what was received is hidden from others", func(k *kit) {
		url := k.queue(nil)
		k.send(url, "m")
		k.one(url)
		k.none(url)
	}},
	{"each receive counts, has its own handle and keeps the first time", func(k *kit) {
		url := k.queue(nil)
		k.send(url, "m")
		first := k.one(url)
		k.ok(k.extend(url, first.ReceiptHandle, 0))
		second := k.one(url)
		same(k, "id", *second.MessageId, *first.MessageId)
		same(k, "receive count", second.Attributes["ApproximateReceiveCount"], "2")
		same(k, "first receive", second.Attributes["ApproximateFirstReceiveTimestamp"], first.Attributes["ApproximateFirstReceiveTimestamp"])
		if *first.ReceiptHandle == *second.ReceiptHandle {
			k.Fatal("the handle is the same")
		}
	}},
	{"the queue's visibility timeout holds without one of the receive's own", func(k *kit) {
		url := k.queue(attributes{"VisibilityTimeout": "0"})
		k.send(url, "m")
		k.one(url)
		k.one(url)
		k.receives(&sqs.ReceiveMessageInput{QueueUrl: url, VisibilityTimeout: 60})
		k.none(url)
	}},
	{"a waiting poll gets a message when its visibility timeout ends", func(k *kit) {
		url := k.queue(attributes{"VisibilityTimeout": "1"})
		k.send(url, "m")
		k.one(url)
		same(k, "receive count", k.one(url).Attributes["ApproximateReceiveCount"], "2")
	}},
	{"a waiting poll gets a message when it is sent", func(k *kit) {
		url := k.queue(nil)
		got := k.poll(url)
		k.send(url, "m")
		same(k, "body", *(<-got)[0].Body, "m")
	}},
	{"a waiting poll gets a message when it is put back", func(k *kit) {
		url := k.queue(nil)
		k.send(url, "m")
		held := k.one(url)
		got := k.poll(url)
		k.ok(k.extend(url, held.ReceiptHandle, 0))
		same(k, "body", *(<-got)[0].Body, "m")
	}},
	{"the queue's wait holds without one of the receive's own", func(k *kit) {
		url := k.queue(attributes{"ReceiveMessageWaitTimeSeconds": "20"})
		k.sends(&sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("later"), DelaySeconds: 1})
		same(k, "messages", len(k.receives(&sqs.ReceiveMessageInput{QueueUrl: url})), 1)
	}},
	{"a long poll that meets nothing ends with nothing", func(k *kit) {
		url := k.queue(nil)
		began := time.Now()
		same(k, "messages", len(k.receives(&sqs.ReceiveMessageInput{QueueUrl: url, WaitTimeSeconds: 1})), 0)
		if waited := time.Since(began); waited < 900*time.Millisecond {
			k.Fatalf("waited %v, want about 1 s", waited)
		}
	}},
	{"a poll whose client left takes nothing", func(k *kit) {
		url := k.queue(nil)
		ctx, cancel := context.WithTimeout(k.Context(), 300*time.Millisecond)
		defer cancel()
		if _, err := k.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url, WaitTimeSeconds: 20}); err == nil {
			k.Fatal("the poll ended by itself")
		}
		k.get(url, "All") // time for the word to reach the server
		k.send(url, "m")
		same(k, "receive count", k.one(url).Attributes["ApproximateReceiveCount"], "1")
	}},
	{"of many polls one gets the message", func(k *kit) {
		url := k.queue(nil)
		var polls []<-chan []types.Message
		for range 5 {
			polls = append(polls, k.pollFor(url, 1))
		}
		k.send(url, "m")
		n := 0
		for _, p := range polls {
			n += len(<-p)
		}
		same(k, "messages", n, 1)
	}},
	{"parallel receivers share the messages", func(k *kit) {
		const total, receivers = 60, 6
		url := k.queue(nil)
		for range total / 10 {
			_, err := k.sendBatch(url, entries("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"))
			k.ok(err)
		}
		var mu sync.Mutex
		seen := map[string]int{}
		var all sync.WaitGroup
		for range receivers {
			all.Go(func() {
				for {
					out, err := k.client.ReceiveMessage(k.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 3, WaitTimeSeconds: 1})
					if err != nil || len(out.Messages) == 0 {
						return
					}
					mu.Lock()
					for _, m := range out.Messages {
						seen[*m.MessageId]++
					}
					mu.Unlock()
				}
			})
		}
		all.Wait()
		same(k, "messages", len(seen), total)
	}},
}

// poll begins a long poll for one message and gives what it brings.
func (k *kit) poll(url *string) <-chan []types.Message { return k.pollFor(url, 20) }

func (k *kit) pollFor(url *string, seconds int32) <-chan []types.Message {
	got := make(chan []types.Message, 1)
	go func() {
		out, err := k.client.ReceiveMessage(k.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, WaitTimeSeconds: seconds})
		if err != nil {
			k.Errorf("receive: %v", err)
			out = &sqs.ReceiveMessageOutput{}
		}
		got <- out.Messages
	}()
	return got
}
