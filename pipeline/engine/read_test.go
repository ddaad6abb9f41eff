package engine_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline/engine"
)

// TestRead: what was kept is read back as it was, in its order, and leaves nothing behind.
func TestRead(t *testing.T) {
	spool := t.TempDir()
	w := open(t, engine.Config{Spool: spool, TimeZone: "Europe/Prague"})
	for range 2 {
		path := kept(t, spool, keptSQL)
		got, err := w.Read(t.Context(), "by_g", path)
		if err != nil {
			t.Fatal(err)
		}
		var first []any
		for _, row := range got.Rows {
			first = append(first, row[0])
		}
		if diff := cmp.Diff([]any{"b", "a", nil}, first); got.Name != "by_g" || len(got.Columns) != 6 || diff != "" {
			t.Errorf("%s of %d columns, its order (-want +got):\n%s", got.Name, len(got.Columns), diff)
		}
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("the file is still there: %v", err)
		}
	}
	if err := os.WriteFile(spool+"/torn.parquet", []byte("PAR1"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Read(t.Context(), "torn", spool+"/torn.parquet"); err == nil {
		t.Error("read a torn file")
	}
}
