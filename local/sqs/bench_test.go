package sqs_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/monthend/monthend/local/sqs"
)

const benchBody = `{"v":1,"report":"monthly-financials","period":"2026-03"}`

// BenchmarkSend is one SendMessage over the SDK.
func BenchmarkSend(b *testing.B) {
	_, client, url := benchQueue(b)
	for b.Loop() {
		if _, err := client.SendMessage(b.Context(), &awssqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String(benchBody)}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sends/s")
}

// BenchmarkReceiveDelete is one ReceiveMessage of one message and its DeleteMessage over the SDK, from a queue that is full.
func BenchmarkReceiveDelete(b *testing.B) {
	_, client, url := benchQueue(b)
	sent := 0
	for b.Loop() {
		if sent == 0 {
			b.StopTimer()
			sent = 1000
			for range sent {
				if _, err := client.SendMessage(b.Context(), &awssqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String(benchBody)}); err != nil {
					b.Fatal(err)
				}
			}
			b.StartTimer()
		}
		out, err := client.ReceiveMessage(b.Context(), &awssqs.ReceiveMessageInput{QueueUrl: url})
		if err != nil || len(out.Messages) != 1 {
			b.Fatalf("receive: %d messages, %v", len(out.Messages), err)
		}
		if _, err := client.DeleteMessage(b.Context(), &awssqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: out.Messages[0].ReceiptHandle}); err != nil {
			b.Fatal(err)
		}
		sent--
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "receive+delete/s")
}

func benchQueue(b *testing.B) (*sqs.Server, *awssqs.Client, *string) {
	b.Helper()
	server, client := start(b, sqs.Config{})
	out, err := client.CreateQueue(b.Context(), &awssqs.CreateQueueInput{QueueName: aws.String("bench")})
	if err != nil {
		b.Fatal(err)
	}
	return server, client, out.QueueUrl
}
