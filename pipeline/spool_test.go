package pipeline_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/report"
)

func openSpool(t *testing.T, parent string) *pipeline.Spool {
	t.Helper()
	spool, err := pipeline.OpenSpool(t.Context(), parent)
	if err != nil {
		t.Fatal(err)
	}
	return spool
}

func folders(t *testing.T, parent string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(parent, "worker-*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Faults 2 and 4: what a worker that was killed left in the spool is swept by the next one, and nothing of one that lives.
func TestSpoolSweepsTheDead(t *testing.T) {
	parent := t.TempDir()
	living := openSpool(t, parent)
	inWork := filepath.Join(living.Dir, "run_1")
	if err := os.WriteFile(inWork, []byte("rows"), 0o600); err != nil {
		t.Fatal(err)
	}
	dead := filepath.Join(parent, "worker-dead", "run_2")
	if err := os.MkdirAll(dead, 0o700); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(parent, "somebody's")
	if err := os.Mkdir(foreign, 0o700); err != nil {
		t.Fatal(err)
	}

	next := openSpool(t, parent)
	if _, err := os.Stat(dead); !os.IsNotExist(err) {
		t.Errorf("the dead worker's folder is still there: %v", err)
	}
	for _, kept := range []string{inWork, foreign, next.Dir} {
		if _, err := os.Stat(kept); err != nil {
			t.Errorf("it is gone: %v", err)
		}
	}
	for _, spool := range []*pipeline.Spool{living, next} {
		if err := spool.Close(); err != nil {
			t.Error(err)
		}
	}
	if left := folders(t, parent); len(left) != 0 {
		t.Errorf("closing left %v", left)
	}
}

// Workers that start at once take none of one another's folders for a dead one's.
func TestSpoolsAtOnce(t *testing.T) {
	parent := t.TempDir()
	var starting sync.WaitGroup
	spools := make([]*pipeline.Spool, 8)
	for i := range spools {
		starting.Go(func() {
			spool, err := pipeline.OpenSpool(t.Context(), parent)
			if err != nil {
				t.Error(err)
			}
			spools[i] = spool
		})
	}
	starting.Wait()
	if left := folders(t, parent); len(left) != len(spools) {
		t.Errorf("got %d folders of %d workers", len(left), len(spools))
	}
	for _, spool := range spools {
		if spool == nil {
			continue
		}
		if err := spool.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestSpoolNeedsItsFolder(t *testing.T) {
	if _, err := pipeline.OpenSpool(t.Context(), filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("got a spool below a folder that is not there")
	}
}

// Fault 20: a spool without room puts the run back with a reason, publishes nothing and leaves nothing behind.
func TestSpoolFull(t *testing.T) {
	// Sorting more than fits in memory must spill, and there is next to no room for it.
	spilling := `SELECT range::BIGINT AS n, md5(range::VARCHAR) AS text FROM range(1000000) ORDER BY text, n`
	w := newWorld(t, worldConfig{definitions: definition(short, spilling), alter: func(c *pipeline.Config) {
		c.Engine = engine.Config{MemoryLimit: 32 << 20, SpillLimit: 1 << 20, Threads: 1}
	}})
	result := w.run(report.Job{Report: "small", Period: "2026-03"})
	if result.Outcome != "" || result.RetryAfter <= 0 || result.Lost {
		t.Fatalf("got %+v, want it put back with a delay", result)
	}
	if !engine.IsResource(result.Err) {
		t.Errorf("got %v, want an error of the engine's resources", result.Err)
	}
	text := result.Err.Error()
	if !strings.HasPrefix(text, `generate "small" 2026-03: dataset "all": `) || strings.ContainsAny(text, "\n") || strings.Contains(text, w.spool) {
		t.Errorf("got %q, want one line without the spool's folder", text)
	}
	if left, err := os.ReadDir(w.spool); err != nil || len(left) != 0 {
		t.Errorf("the spool holds %v, %v; want nothing", left, err)
	}
	if left, err := os.ReadDir(w.dir); err != nil || len(left) != 0 {
		t.Errorf("the store holds %v, %v; want nothing", left, err)
	}
	attempts := w.attempts(result.RunID)
	if len(attempts) != 1 || attempts[0].Crashed || attempts[0].EndedAt.IsZero() {
		t.Errorf("got attempts %+v, want one, released", attempts)
	}
}
