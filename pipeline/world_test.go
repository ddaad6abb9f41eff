package pipeline_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/monthend/monthend/local/postgres/pgtest"
	"github.com/monthend/monthend/local/seed"
	"github.com/monthend/monthend/local/xray"
	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/catalog"
	"github.com/monthend/monthend/trace"
	"github.com/monthend/monthend/trace/pgxtrace"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// world is a runner in a world of its own: a real PostgreSQL with the demo company's books and a ledger, a directory as
// store, and a local X-Ray.
type world struct {
	t      *testing.T
	url    string
	dir    string // of the store
	spool  string
	ledger *ledger.Store
	xray   *xray.Server
	tracer *trace.Tracer
	config pipeline.Config
	runner *pipeline.Runner
	asked  int
}

// worldConfig says what differs from the usual world.
type worldConfig struct {
	url         string // of a migrated database; "" is a new one with the demo company's books
	ledger      string // another way to it, for the ledger alone; "" is the url
	dir         string // of the store; "" is a new one
	definitions fs.FS  // beside those that ship
	alter       func(*pipeline.Config)
}

// company prepares a database with a ledger and the demo company's books.
func company(ctx context.Context, url string) error {
	if _, _, err := ledger.Migrate(ctx, url); err != nil {
		return err
	}
	return seed.Load(ctx, url)
}

func newWorld(t *testing.T, c worldConfig) *world {
	t.Helper()
	w := &world{t: t, url: c.url, dir: c.dir, spool: t.TempDir()}
	if w.url == "" {
		w.url = pgtest.Cloned(t, company)
	}
	if w.dir == "" {
		w.dir = t.TempDir()
	}
	var err error
	must := func(what string) {
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	w.xray, err = xray.Start(xray.Config{})
	must("start X-Ray")
	w.tracer, err = trace.New(trace.Config{Address: w.xray.UDPAddr()})
	must("begin tracing")
	w.ledger, err = ledger.Open(t.Context(), ledger.Config{URL: cmp.Or(c.ledger, w.url), Owner: t.Name()})
	must("open the ledger")
	rows, err := source.OpenPostgres(t.Context(), w.url, pgxtrace.New())
	must("open the source")
	files, err := store.Open(t.Context(), (&url.URL{Scheme: "file", Path: w.dir}).String(), nil)
	must("open the store")
	layers := []fs.FS{catalog.FS}
	if c.definitions != nil {
		layers = append(layers, c.definitions)
	}
	definitions, err := report.NewCatalog(layers...)
	must("read the catalog")
	w.config = pipeline.Config{
		Ledger: w.ledger, Store: files, Source: rows, Catalog: definitions, Tracer: w.tracer, Spool: w.spool,
	}
	if c.alter != nil {
		c.alter(&w.config)
	}
	w.runner, err = pipeline.New(w.config)
	must("make the runner")
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		rows.Close()
		files.Close()
		w.ledger.Close()
		w.tracer.Close(ctx)
		w.xray.Close()
		for _, v := range w.xray.Violations() {
			t.Errorf("a document breaks the rules of X-Ray: %v", v)
		}
		if left, _ := os.ReadDir(w.spool); len(left) > 0 {
			t.Errorf("the spool still holds %v", left)
		}
	})
	return w
}

// asking is a new request for job.
func (w *world) asking(job report.Job) pipeline.Asking {
	w.asked++
	if job.RequestID == "" {
		job.RequestID = fmt.Sprintf("req_%s_%d", w.t.Name(), w.asked)
	}
	return pipeline.Asking{Job: job, RequestID: job.RequestID, Delivered: 1}
}

// run runs a new request for job.
func (w *world) run(job report.Job) pipeline.Result {
	w.t.Helper()
	return w.runner.Run(w.t.Context(), w.asking(job))
}

// march is the demo company's month.
var march = report.Job{Report: "monthly-financials", Period: "2026-03"}

// publish runs a job that must be published.
func (w *world) publish(job report.Job) pipeline.Result {
	w.t.Helper()
	result := w.run(job)
	if result.Outcome != report.Published {
		w.t.Fatalf("got outcome %q, %v, want published", result.Outcome, result.Err)
	}
	return result
}

// file reads a file of the only version of a key.
func (w *world) file(key, name string) []byte {
	w.t.Helper()
	found, err := filepath.Glob(filepath.Join(w.dir, filepath.FromSlash(key), "v*", filepath.FromSlash(name)))
	if err != nil || len(found) != 1 {
		w.t.Fatalf("found %v of %s below %s: %v", found, name, key, err)
	}
	data, err := os.ReadFile(found[0])
	if err != nil {
		w.t.Fatal(err)
	}
	return data
}

// tree is every file of a directory by its path, those aside that tell how a version came about.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(dir, path)
		if err != nil || strings.Contains(relative, "manifest-") || strings.HasPrefix(relative, "quarantine") {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		data, err := io.ReadAll(f)
		files[filepath.ToSlash(relative)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
