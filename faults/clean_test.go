package faults_test

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/monthend/monthend/local/postgres/pgtest"
	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/catalog"
)

// clean runs jobs that nothing disturbs, over the stack's source but with a ledger and a store of its own: what it
// publishes is what every other run must have published.
type clean struct {
	stack   *Stack
	catalog *report.Catalog
	runner  *pipeline.Runner
	dir     string

	mu    sync.Mutex
	known map[string]pipeline.Content // by key and version
}

func newClean(s *Stack) *clean {
	s.tb.Helper()
	c := &clean{stack: s, dir: s.folder("clean"), known: map[string]pipeline.Content{}}
	var err error
	must := func(what string) {
		if err != nil {
			s.tb.Fatalf("clean run: %s: %v", what, err)
		}
	}
	c.catalog, err = report.NewCatalog([]fs.FS{catalog.FS, os.DirFS(s.Reports)}...)
	must("read the catalog")
	books, err := ledger.Open(s.tb.Context(), ledger.Config{URL: pgtest.Cloned(s.tb, books), Owner: "clean"})
	must("open a ledger")
	s.tb.Cleanup(books.Close)
	rows, err := source.OpenPostgres(s.tb.Context(), s.Database(), nil)
	must("open the source")
	s.tb.Cleanup(rows.Close)
	output := url.URL{Scheme: "file", Path: filepath.ToSlash(c.dir)}
	files, err := store.Open(s.tb.Context(), output.String(), nil)
	must("open a store")
	s.tb.Cleanup(func() { files.Close() })
	c.runner, err = pipeline.New(pipeline.Config{
		Ledger: books, Store: files, Source: rows, Catalog: c.catalog, Spool: s.folder("clean-spool"),
	})
	must("make a runner")
	return c
}

// cleaner makes the stack's clean runner at its first need.
func (s *Stack) cleaner() *clean {
	s.tb.Helper()
	s.mu.Lock()
	c := s.clean
	s.mu.Unlock()
	if c != nil {
		return c
	}
	c = newClean(s)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clean = c
	return c
}

// Clean is the first version of what a job asks for, as a clean run publishes it. What it was when first asked for is what
// the invariant compares with later: a test that changes the source asks before.
func (s *Stack) Clean(job report.Job) pipeline.Content {
	s.tb.Helper()
	return s.cleaner().content(s.Key(job), 1)
}

// Key is what a job asks for.
func (s *Stack) Key(job report.Job) report.Key {
	s.tb.Helper()
	def, err := s.cleaner().catalog.Get(job.Report)
	if err != nil {
		s.tb.Fatal(err)
	}
	period, err := job.ResolvePeriod(def.Location)
	if err != nil {
		s.tb.Fatal(err)
	}
	return report.Key{Report: job.Report, Period: period, Tenant: job.Tenant}
}

// content is a version of key, of this number: files carry it.
func (c *clean) content(key report.Key, number int) pipeline.Content {
	c.stack.tb.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	name := fmt.Sprintf("%s v%d", key, number)
	if known, ok := c.known[name]; ok {
		return known
	}
	c.countFrom(key, number)
	// Another number of a key that was run before is a restatement, of which only the rows are alike.
	job := report.Job{Report: key.Report, Period: key.Period.String(), Tenant: key.Tenant}
	result := c.runner.Run(c.stack.tb.Context(), pipeline.Asking{Job: job, RequestID: name, Delivered: 1})
	if result.Outcome != report.Published {
		c.stack.tb.Fatalf("clean run of %s: got %q, %v, want published", name, result.Outcome, result.Err)
	}
	manifest, err := pipeline.ParseManifest(result.Version.Manifest)
	if err != nil {
		c.stack.tb.Fatal(err)
	}
	c.known[name] = manifest.Content
	return manifest.Content
}

// countFrom has the next version of key be this number: one lies in the store that the ledger does not know.
func (c *clean) countFrom(key report.Key, number int) {
	if number == 1 {
		return
	}
	folder := filepath.Join(c.dir, filepath.FromSlash(key.Path()), store.FormatVersion(number-1, "00000000"))
	err := os.MkdirAll(folder, 0o755)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "left"), nil, 0o644)
	}
	if err != nil {
		c.stack.tb.Fatal(err)
	}
}
