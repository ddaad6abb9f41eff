//go:build !race

// The race detector's own records grow with each run, so memory tells nothing under it.

package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"github.com/monthend/monthend/pipeline/engine"
)

// TestPoolMemoryIsFlat: a database that is kept grows by some kilobytes with each run (duckdb-go #124), and one that has served
// its number of runs gives all of it back. Each round is as many runs as one database serves.
func TestPoolMemoryIsFlat(t *testing.T) {
	pool, _ := newPool(t, 1)
	var first int
	for round := range 4 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			spool := t.TempDir()
			for range engine.KeptUses {
				w, err := engine.Open(t.Context(), engine.Config{Spool: spool, TimeZone: "Europe/Prague", Pool: pool})
				if err != nil {
					t.Fatal(err)
				}
				smallMonth(t, w, spool)
				file := filepath.Join(spool, "d.parquet")
				if _, err := w.Export(t.Context(), "d", engine.Parquet, file); err != nil {
					t.Fatal(err)
				}
				shut(t, w)
				if err := os.Remove(file); err != nil {
					t.Fatal(err)
				}
			}
		})
		got := residentPages(t)
		switch {
		case round == 0: // it fills caches that stay
		case round == 1:
			first = got
		case got > first+600: // 2.4 MB; without the end of a database it would be 1.5 MB a round, for ever
			t.Errorf("after round %d the process holds %d pages, after round 2 it held %d", round+1, got, first)
		}
	}
}

// residentPages is the memory of this process, once Go has given back what it does not need.
func residentPages(t *testing.T) int {
	t.Helper()
	debug.FreeOSMemory()
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var total, resident int
	if _, err := fmt.Sscan(string(data), &total, &resident); err != nil {
		t.Fatal(err)
	}
	return resident
}
