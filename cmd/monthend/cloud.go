package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"golang.org/x/sync/errgroup"

	"github.com/monthend/monthend/local/postgres"
	"github.com/monthend/monthend/local/seed"
	"github.com/monthend/monthend/local/sqs"
	"github.com/monthend/monthend/local/xray"
	"github.com/monthend/monthend/pipeline/ledger"
)

// The names of the laptop's cloud.
const (
	cloudRegion   = "eu-central-1"
	cloudKey      = "local"
	cloudDatabase = "monthend"
	cloudQueue    = "monthend"
	cloudDLQ      = "monthend-dlq"
)

// cloud is a laptop's cloud on real wires: a private PostgreSQL, SQS over HTTP, X-Ray over UDP and HTTP, all on loopback.
// What uses it cannot tell: only endpoints differ.
type cloud struct {
	dir         string
	keep        bool // dir is the user's: everything in it stays
	keepReports bool // dir is temporary, but what was published in it stays
	postgres    *postgres.Server
	sqs         *sqs.Server
	xray        *xray.Server
	queueURL    string
}

// cloudOptions says where the cloud lives.
type cloudOptions struct {
	dir        string // "" is a temporary folder
	sqsAddr    string // "" is a free port of loopback
	xrayAddr   string
	noDownload bool
	announce   func(string) // told what takes long
	only       []string     // names of servers; empty is all
}

// The names of the servers.
const (
	serverPostgres = "postgres"
	serverSQS      = "sqs"
	serverXRay     = "xray"
)

// wants tells whether a server is to be started.
func (o cloudOptions) wants(server string) bool {
	return len(o.only) == 0 || slices.Contains(o.only, server)
}

// startCloud starts the servers, migrates the ledger and loads the demo company's books. It uses nothing of the
// environment: what a shell has set for a real worker must never be touched by a demo.
func startCloud(ctx context.Context, o cloudOptions) (c *cloud, err error) {
	c = &cloud{dir: o.dir, keep: o.dir != ""}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	if o.wants(serverPostgres) { // nothing else keeps files
		if err := c.makeDir(); err != nil {
			return c, err
		}
	}
	if o.wants(serverXRay) {
		if c.xray, err = xray.Start(xray.Config{Addr: o.xrayAddr}); err != nil {
			return c, unavailable("monthend local --xray-addr 127.0.0.1:0", "%w", err)
		}
	}
	work, ctx := errgroup.WithContext(ctx)
	if o.wants(serverSQS) {
		if c.sqs, err = sqs.Start(sqs.Config{Addr: o.sqsAddr, Region: cloudRegion}); err != nil {
			return c, unavailable("monthend local --sqs-addr 127.0.0.1:0", "%w", err)
		}
		work.Go(func() error { return c.createQueues(ctx) })
	}
	if o.wants(serverPostgres) {
		work.Go(func() error { return c.startPostgres(ctx, o) })
	}
	return c, work.Wait()
}

func (c *cloud) makeDir() error {
	dir, err := filepath.Abs(c.dir)
	switch {
	case !c.keep:
		dir, err = os.MkdirTemp("", "monthend-")
	case err == nil:
		err = os.MkdirAll(filepath.Join(dir, "reports"), 0o755)
	}
	if err != nil {
		c.dir = "" // nothing of ours lies there, to be removed
		return unavailable("", "make the folder: %w", err)
	}
	c.dir = dir
	return nil
}

func (c *cloud) startPostgres(ctx context.Context, o cloudOptions) (err error) {
	config := postgres.Config{NoDownload: o.noDownload, Announce: o.announce}
	if c.keep {
		config.Dir = filepath.Join(c.dir, "postgres")
	}
	if c.postgres, err = postgres.Start(ctx, config); err != nil {
		return postgresFailure(err)
	}
	if err := c.postgres.CreateDatabase(ctx, cloudDatabase); err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error {
		_, _, err := ledger.Migrate(ctx, c.databaseURL())
		return err
	})
	work.Go(func() error { return seed.Load(ctx, c.databaseURL()) })
	return work.Wait()
}

// createQueues makes the queue and its dead-letter queue.
func (c *cloud) createQueues(ctx context.Context) error {
	client := awssqs.NewFromConfig(c.aws())
	dead, err := client.CreateQueue(ctx, &awssqs.CreateQueueInput{QueueName: aws.String(cloudDLQ)})
	if err != nil {
		return fmt.Errorf("create queue %q: %w", cloudDLQ, err)
	}
	attributes, err := client.GetQueueAttributes(ctx, &awssqs.GetQueueAttributesInput{
		QueueUrl: dead.QueueUrl, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn},
	})
	if err != nil {
		return fmt.Errorf("create queue %q: %w", cloudDLQ, err)
	}
	// maxReceiveCount is only a backstop: the attempts that count are the ledger's.
	redrive := fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":"100"}`, attributes.Attributes["QueueArn"])
	made, err := client.CreateQueue(ctx, &awssqs.CreateQueueInput{
		QueueName:  aws.String(cloudQueue),
		Attributes: map[string]string{"RedrivePolicy": redrive, "VisibilityTimeout": "15"},
	})
	if err != nil {
		return fmt.Errorf("create queue %q: %w", cloudQueue, err)
	}
	c.queueURL = *made.QueueUrl
	return nil
}

// aws is the AWS configuration of a program that talks to this cloud.
func (c *cloud) aws() aws.Config {
	return aws.Config{
		Region:       cloudRegion,
		Credentials:  credentials.NewStaticCredentialsProvider(cloudKey, cloudKey, ""),
		BaseEndpoint: aws.String(c.sqs.URL()),
	}
}

// awsXRay is the same for the X-Ray API.
func (c *cloud) awsXRay() aws.Config {
	cfg := c.aws()
	cfg.BaseEndpoint = aws.String(c.xray.URL())
	return cfg
}

func (c *cloud) databaseURL() string { return c.postgres.URL(cloudDatabase) }

func (c *cloud) outputURL() string {
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(c.dir, "reports"))}
	return u.String()
}

// settings are the settings of a worker in this cloud.
func (c *cloud) settings() settings {
	return settings{
		DatabaseURL: c.databaseURL(),
		SourceURL:   c.databaseURL(),
		QueueURL:    c.queueURL,
		Output:      c.outputURL(),
		XRayAddress: c.xray.UDPAddr(),
		Spool:       filepath.Join(c.dir, "spool"),
		MemoryMB:    256,
		Concurrency: 1,
		Drain:       defaultDrain,
		LogLevel:    "warn",
	}
}

// variable is one variable of the environment.
type variable struct{ name, value string }

// environment is what the other commands need to find this cloud, in the order in which people read it.
func (c *cloud) environment() []variable {
	all := []variable{{"AWS_REGION", cloudRegion}, {"AWS_ACCESS_KEY_ID", cloudKey}, {"AWS_SECRET_ACCESS_KEY", cloudKey}}
	if c.sqs != nil {
		all = append(all, variable{"AWS_ENDPOINT_URL_SQS", c.sqs.URL()})
	}
	if c.xray != nil {
		all = append(all, variable{"AWS_ENDPOINT_URL_XRAY", c.xray.URL()})
	}
	if c.postgres != nil {
		all = append(all, variable{"MONTHEND_DATABASE_URL", c.databaseURL()}, variable{"MONTHEND_SOURCE_URL", c.databaseURL()})
	}
	if c.sqs != nil {
		all = append(all, variable{"MONTHEND_QUEUE_URL", c.queueURL})
	}
	if c.postgres != nil {
		all = append(all, variable{"MONTHEND_OUTPUT", c.outputURL()})
	}
	if c.xray != nil {
		all = append(all, variable{"MONTHEND_XRAY_ADDRESS", c.xray.UDPAddr()})
	}
	return all
}

// close stops the servers, PostgreSQL last: the others may still be asked by what ends with it.
func (c *cloud) close() error {
	var errs []error
	if c.sqs != nil {
		errs = append(errs, c.sqs.Close())
	}
	if c.xray != nil {
		errs = append(errs, c.xray.Close())
	}
	if c.postgres != nil {
		errs = append(errs, c.postgres.Close())
	}
	switch {
	case c.dir == "":
	case c.keep || c.keepReports:
		errs = append(errs, os.RemoveAll(filepath.Join(c.dir, "spool")))
	default:
		errs = append(errs, os.RemoveAll(c.dir))
	}
	return errors.Join(errs...)
}

// postgresFailure turns what kept PostgreSQL from starting into an exit code and a hint.
func postgresFailure(err error) error {
	var missing *postgres.MissingError
	if errors.As(err, &missing) {
		return unavailable(missing.Hint(), "%w", err)
	}
	return unavailable("", "%w", err)
}
