package sqs_test

import (
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/monthend/monthend/local/sqs"
	"github.com/monthend/monthend/local/sqs/sqstest"
)

// TestConformance runs the rules against this server, or against the SQS that MONTHEND_TEST_SQS_ENDPOINT names ("aws" is AWS
// itself), with credentials and region from AWS's own variables.
func TestConformance(t *testing.T) {
	endpoint := os.Getenv("MONTHEND_TEST_SQS_ENDPOINT")
	if endpoint == "" {
		_, client := start(t, sqs.Config{})
		sqstest.Run(t, client)
		return
	}
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sqstest.Run(t, awssqs.NewFromConfig(cfg, func(o *awssqs.Options) {
		if endpoint != "aws" {
			o.BaseEndpoint = aws.String(endpoint)
		}
	}))
}
