package sqs_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/monthend/monthend/local/sqs"
)

// A message is sent, received, forgotten by its worker, and received again when its visibility timeout is over.
func Example() {
	server, err := sqs.Start(sqs.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	ctx := context.Background()
	client := awssqs.New(awssqs.Options{
		BaseEndpoint: aws.String(server.URL()),
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("local", "local", ""),
		HTTPClient:   client(),
	})
	queue, err := client.CreateQueue(ctx, &awssqs.CreateQueueInput{QueueName: aws.String("reports")})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := client.SendMessage(ctx, &awssqs.SendMessageInput{QueueUrl: queue.QueueUrl, MessageBody: aws.String("March")}); err != nil {
		log.Fatal(err)
	}
	for range 2 {
		out, err := client.ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl})
		if err != nil {
			log.Fatal(err)
		}
		for _, m := range out.Messages {
			fmt.Println(*m.Body)
		}
		server.Advance(time.Minute)
	}
	// Output:
	// March
	// March
}
