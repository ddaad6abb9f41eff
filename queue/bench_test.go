package queue_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/monthend/monthend/queue"
)

// BenchmarkPickup measures message sent → handler begun on an idle worker, the sending itself included.
func BenchmarkPickup(b *testing.B) {
	s := newStand(b, false)
	p, err := queue.NewProducer(queue.ProducerConfig{Client: s.client, QueueURL: s.url})
	if err != nil {
		b.Fatal(err)
	}
	begun := make(chan time.Time, 1)
	r := s.consume(queue.ConsumerConfig{}, func(context.Context, queue.Message) queue.Settlement {
		begun <- time.Now()
		return queue.Delete()
	})
	var took []time.Duration
	for b.Loop() {
		sent := time.Now()
		if _, err := p.Send(b.Context(), []byte("job"), queue.SendOptions{}); err != nil {
			b.Fatal(err)
		}
		took = append(took, (<-begun).Sub(sent))
		<-r.settled // the worker is idle again
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
}

// BenchmarkRate measures receive, a handler that does nothing, delete, against the same with the bare SDK in as many loops.
func BenchmarkRate(b *testing.B) {
	for _, concurrency := range []int{1, 4} {
		b.Run(fmt.Sprintf("bare/concurrency=%d", concurrency), func(b *testing.B) { benchmarkBare(b, concurrency) })
		b.Run(fmt.Sprintf("consumer/concurrency=%d", concurrency), func(b *testing.B) {
			s := newStand(b, false)
			s.fill(b.N)
			b.ResetTimer()
			r := s.consume(queue.ConsumerConfig{Concurrency: concurrency}, always(queue.Delete()))
			for range b.N {
				<-r.settled
			}
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}

func benchmarkBare(b *testing.B, loops int) {
	s := newStand(b, false)
	s.fill(b.N)
	b.ResetTimer()
	var left sync.WaitGroup
	left.Add(b.N)
	ctx, cancel := context.WithCancel(b.Context())
	var running sync.WaitGroup
	for range loops {
		running.Go(func() {
			for {
				out, err := s.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &s.url, WaitTimeSeconds: 20})
				if err != nil {
					return // the end
				}
				for _, m := range out.Messages {
					if _, err := s.client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &s.url, ReceiptHandle: m.ReceiptHandle}); err != nil {
						b.Error(err)
					}
					left.Done()
				}
			}
		})
	}
	left.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	cancel()
	running.Wait()
}

// fill sends n messages.
func (s *stand) fill(n int) {
	s.tb.Helper()
	for n > 0 {
		batch := &sqs.SendMessageBatchInput{QueueUrl: &s.url}
		for i := range min(n, 10) {
			id, body := fmt.Sprint(i), "job"
			batch.Entries = append(batch.Entries, types.SendMessageBatchRequestEntry{Id: &id, MessageBody: &body})
		}
		n -= len(batch.Entries)
		if _, err := s.client.SendMessageBatch(s.tb.Context(), batch); err != nil {
			s.tb.Fatal(err)
		}
	}
}
