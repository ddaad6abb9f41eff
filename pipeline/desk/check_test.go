package desk_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/monthend/monthend/local/postgres/pgtest"
	"github.com/monthend/monthend/local/seed"
	"github.com/monthend/monthend/pipeline/desk"
	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/catalog"
)

var update = flag.Bool("update", false, "write the expected problems of testdata/check anew")

// books is the demo company's database.
func books(t *testing.T) *source.Postgres {
	t.Helper()
	src, err := source.OpenPostgres(t.Context(), pgtest.Cloned(t, seed.Load), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(src.Close)
	return src
}

// check gives the problems of the definition in the folder "sales" of files, each with the mark below its line.
func check(t *testing.T, r *report.Reading, src *source.Postgres) []string {
	t.Helper()
	problems, err := desk.Check(t.Context(), r, src, engine.Config{Spool: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, p := range problems {
		lines = append(lines, p.String())
		if p.Source != "" {
			lines = append(lines, "  "+strings.ReplaceAll(p.Source, "\t", " "), strings.Repeat(" ", 2+p.Col-1)+"^")
		}
	}
	return lines
}

// TestCheck reads testdata/check: a sentence, the files of a definition, and what must be found with the demo company's database and
// without one.
func TestCheck(t *testing.T) {
	src := books(t)
	names, err := filepath.Glob("testdata/check/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("got %d cases, %v", len(names), err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files, want := fstest.MapFS{}, map[string]string{}
			kept := archive.Files[:0:0]
			for _, f := range archive.Files {
				if strings.HasPrefix(f.Name, "want") {
					want[f.Name] = string(f.Data)
					continue
				}
				kept = append(kept, f)
				files["sales/"+f.Name] = &fstest.MapFile{Data: f.Data}
			}
			r, err := report.Read(files, "sales")
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{
				"want":                strings.Join(append(check(t, r, src), ""), "\n"),
				"want without source": strings.Join(append(check(t, r, nil), ""), "\n"),
			}
			if *update {
				archive.Files = kept
				for _, name := range []string{"want", "want without source"} {
					archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(got[name])})
				}
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%sproblems (-want +got):\n%s", archive.Comment, diff)
			}
		})
	}
}

func TestShippedDefinitionsAreWell(t *testing.T) {
	src := books(t)
	c, err := report.NewCatalog(catalog.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range c.Names() {
		r, err := c.Reading(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range append(check(t, r, src), check(t, r, nil)...) {
			t.Errorf("%s: %s", name, line)
		}
	}
}

// A check that is given up is no verdict.
func TestCheckEndsWithItsContext(t *testing.T) {
	r, err := report.Read(catalog.FS, "monthly-financials")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if problems, err := desk.Check(ctx, r, nil, engine.Config{Spool: t.TempDir()}); err == nil {
		t.Errorf("got %d problems and no error", len(problems))
	}
}
