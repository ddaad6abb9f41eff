package faults_test

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/jackc/pgx/v5"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/monthend/monthend/local/postgres/pgtest"
	"github.com/monthend/monthend/local/sqs"
	"github.com/monthend/monthend/local/xray"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/store"
)

const (
	region      = "eu-central-1"
	queueName   = "monthend"
	deadName    = "monthend-dlq"
	bucketName  = "reports"
	reportName  = "small-month"
	visibility  = 15 * time.Second // of a message and of a lease: the worker's defaults
	slowRows    = 25_000           // of books.pace: some seconds of a stage
	usualRows   = 1
	journalTick = 20 * time.Millisecond
)

// definitions are the reports of the tests, and so is what they read.
var definitions, _ = filepath.Abs(filepath.Join("testdata", "definitions"))

// StackConfig says what differs from the usual stack.
type StackConfig struct {
	S3       bool   // publish to S3 instead of a directory
	FIFO     bool   // queue and dead-letter queue are FIFO
	Database string // connection string of a database that books has filled; "" is a new one

	Definitions string // folder of the reports; "" is that of all tests
}

// Stack is everything around the workers of one test: a database with a ledger and small books, SQS, X-Ray, and a place for
// versions. All of it is the test's own and ends with it.
type Stack struct {
	tb      testing.TB
	dir     string
	Spool   string // shared by the workers, as on one machine
	Output  string // MONTHEND_OUTPUT
	Reports string // MONTHEND_DEFINITIONS
	SQS     *sqs.Server
	Queue   string // URLs
	Dead    string
	XRay    *xray.Server
	Ledger  *ledger.Store // for looking only
	Store   store.Store
	Client  *awssqs.Client // past the workers' wires

	objects  http.Handler // S3; nil for a directory
	database string
	fifo     bool

	mu    sync.Mutex
	sent  []Sent
	clean *clean
}

// NewStack starts a stack.
func NewStack(tb testing.TB, c StackConfig) *Stack {
	tb.Helper()
	s := &Stack{tb: tb, dir: tb.TempDir(), database: c.Database, fifo: c.FIFO, Reports: cmp.Or(c.Definitions, definitions)}
	if s.database == "" {
		s.database = pgtest.Cloned(tb, books)
	}
	s.Spool = s.folder("spool")
	var err error
	must := func(what string) {
		if err != nil {
			tb.Fatalf("%s: %v", what, err)
		}
	}
	s.SQS, err = sqs.Start(sqs.Config{Region: region})
	must("start SQS")
	tb.Cleanup(func() { s.SQS.Close() })
	s.XRay, err = xray.Start(xray.Config{})
	must("start X-Ray")
	tb.Cleanup(func() {
		s.XRay.Close()
		for _, v := range s.XRay.Violations() {
			tb.Errorf("a document breaks the rules of X-Ray: %v", v)
		}
	})
	s.Ledger, err = ledger.Open(tb.Context(), ledger.Config{URL: s.database})
	must("open the ledger")
	tb.Cleanup(s.Ledger.Close)
	s.openQueue()
	s.Store, err = s.openStore(c.S3)
	must("open the store")
	tb.Cleanup(func() { s.Store.Close() })
	return s
}

// books fills a database with a ledger and the books that the small reports read.
func books(ctx context.Context, url string) error {
	if _, _, err := ledger.Migrate(ctx, url); err != nil {
		return err
	}
	source, err := os.ReadFile(filepath.Join("testdata", "source.sql"))
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, string(source))
	return err
}

// folder makes a folder of the stack.
func (s *Stack) folder(name string) string {
	dir := filepath.Join(s.dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		s.tb.Fatal(err)
	}
	return dir
}

// Database is the connection string of the stack's database, past the workers' wires.
func (s *Stack) Database() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.database
}

// Exec changes the database as somebody else would.
func (s *Stack) Exec(sql string, args ...any) {
	s.tb.Helper()
	ctx := context.WithoutCancel(s.tb.Context())
	conn, err := pgx.Connect(ctx, s.Database())
	if err != nil {
		s.tb.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql, args...); err != nil {
		s.tb.Fatalf("%s: %v", sql, err)
	}
}

// Slow makes a stage, validate or generate, take some seconds; Quick makes both take none.
func (s *Stack) Slow(stage string) {
	s.Exec(`UPDATE books.pace SET rows = $2 WHERE stage = $1`, stage, slowRows)
}

// Quick undoes Slow. What is extracted then is what every other run extracts.
func (s *Stack) Quick() { s.Exec(`UPDATE books.pace SET rows = $1`, usualRows) }

// Expire is a visibility timeout and a lease later, for the queue and for the ledger alike: whoever was killed is missed.
// Leases that are renewed meanwhile are lost as well.
func (s *Stack) Expire() {
	s.tb.Helper()
	s.Exec(`UPDATE monthend.runs SET lease_until = clock_timestamp() - interval '1 second' WHERE lease_until IS NOT NULL`)
	s.SQS.Advance(visibility)
}

// openStore opens where versions are kept, past the workers' wires.
func (s *Stack) openStore(onS3 bool) (store.Store, error) {
	if !onS3 {
		output := url.URL{Scheme: "file", Path: filepath.ToSlash(s.folder("reports"))}
		s.Output = output.String()
		return store.Open(s.tb.Context(), s.Output, nil)
	}
	backend := s3mem.New()
	if err := backend.CreateBucket(bucketName); err != nil {
		return nil, err
	}
	s.objects = gofakes3.New(backend).Server()
	s.Output = fmt.Sprintf("s3://%s/monthend", bucketName)
	transport := &http.Transport{}
	s.tb.Cleanup(transport.CloseIdleConnections)
	return store.Open(s.tb.Context(), s.Output, s3.New(s3.Options{
		Region: region, BaseEndpoint: aws.String(NewWire(s.tb, s.objects).URL), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
		HTTPClient:  &http.Client{Transport: transport},
	}))
}
