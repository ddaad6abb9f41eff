package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/monthend/monthend/trace/read"
)

// definitions are the reports of the jobs that are measured.
//
//go:embed definition
var definitions embed.FS

// cloud is a laptop's cloud in a process of its own, as `monthend local` starts it, with a table of 1,000 rows to report.
// Its database keeps what it commits: a benchmark on one that does not would flatter.
type cloud struct {
	bench   *bench
	process *process
	dir     string
	env     map[string]string // as `monthend local` printed it
	db      *pgxpool.Pool
	sqs     *sqs.Client
	traces  *read.Client
}

func (b *bench) startCloud(ctx context.Context) (c *cloud, err error) {
	c = &cloud{bench: b}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	if c.dir, err = os.MkdirTemp(b.dir, "cloud-"); err != nil {
		return c, err
	}
	if err := os.CopyFS(filepath.Join(c.dir, "bench"), definitions); err != nil {
		return c, err
	}
	if err := c.serve(ctx); err != nil {
		return c, fmt.Errorf("start the local cloud: %w", err)
	}
	config := aws.Config{
		Region:       c.env["AWS_REGION"],
		Credentials:  credentials.NewStaticCredentialsProvider(c.env["AWS_ACCESS_KEY_ID"], c.env["AWS_SECRET_ACCESS_KEY"], ""),
		BaseEndpoint: aws.String(c.env["AWS_ENDPOINT_URL_SQS"]),
	}
	c.sqs = sqs.NewFromConfig(config)
	if c.traces, err = read.New(read.Config{AWS: config, Endpoint: c.env["AWS_ENDPOINT_URL_XRAY"]}); err != nil {
		return c, err
	}
	if c.db, err = pgxpool.New(ctx, c.env["MONTHEND_DATABASE_URL"]); err != nil {
		return c, err
	}
	_, err = c.db.Exec(ctx, `
		CREATE SCHEMA bench;
		CREATE TABLE bench.entries (id bigint PRIMARY KEY, booked_at timestamptz NOT NULL, category text NOT NULL, amount numeric(18,2) NOT NULL);
		INSERT INTO bench.entries
		SELECT n, timestamptz '2026-03-01 00:00Z' + n * interval '40 min', 'category ' || n % 12, (n * 7919 % 100000)::numeric / 100
		  FROM generate_series(1, 1000) AS n;
		ANALYZE bench.entries`)
	return c, err
}

// serve starts the process and waits until it has printed its environment.
func (c *cloud) serve(ctx context.Context) error {
	reader, writer, err := os.Pipe()
	if err != nil {
		return err
	}
	defer reader.Close()
	c.process, err = c.bench.start(ctx, nil, writer, "local", "--dir", filepath.Join(c.dir, "kept"), "-o", "json")
	writer.Close()
	if err != nil {
		return err
	}
	var printed struct {
		Env map[string]string `json:"env"`
	}
	if err := json.NewDecoder(reader).Decode(&printed); err != nil {
		return fmt.Errorf("read its environment: %w", err)
	}
	c.env = printed.Env
	return nil
}

// work starts a worker on a queue, with the defaults of every setting that args do not name.
func (c *cloud) work(ctx context.Context, queueURL string, args ...string) (*process, error) {
	var env []string
	for name, value := range c.env {
		env = append(env, name+"="+value)
	}
	output := url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(c.dir, "reports"))}
	env = append(env,
		"MONTHEND_DEFINITIONS="+filepath.Join(c.dir, "bench", "definition"),
		"MONTHEND_SPOOL="+filepath.Join(c.dir, "spool"),
		"MONTHEND_OUTPUT="+output.String(),
		"MONTHEND_QUEUE_URL="+queueURL,
		"MONTHEND_LOG_LEVEL=error",
	)
	return c.bench.start(ctx, env, nil, append([]string{"work"}, args...)...)
}

// queue makes a queue of its own and answers with its URL.
func (c *cloud) queue(ctx context.Context, name string) (string, error) {
	made, err := c.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(name)})
	if err != nil {
		return "", fmt.Errorf("create queue %q: %w", name, err)
	}
	return *made.QueueUrl, nil
}

func (c *cloud) close() error {
	if c.db != nil {
		c.db.Close()
	}
	if c.process == nil {
		return nil
	}
	return c.process.stop()
}
