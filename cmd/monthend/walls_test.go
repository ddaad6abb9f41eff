package main_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/monthend/monthend/"

// room is one folder with Go files, and what it imports.
type room struct {
	dir     string
	imports map[string]string // import path → the file that has it; production files only
	tests   map[string]string
	comment bool
}

// rooms reads the imports of every Go file of the repository.
func rooms(t *testing.T) map[string]*room {
	t.Helper()
	root := filepath.Join("..", "..")
	all := map[string]*room{}
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && file != root && (strings.HasPrefix(name, ".") || name == "testdata") {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		relative, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		dir := path.Dir(filepath.ToSlash(relative))
		r := all[dir]
		if r == nil {
			r = &room{dir: dir, imports: map[string]string{}, tests: map[string]string{}}
			all[dir] = r
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		into := r.imports
		if strings.HasSuffix(name, "_test.go") {
			into = r.tests
		} else if parsed.Doc != nil {
			r.comment = true
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			into[imported] = relative
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// under reports whether dir is folder or lies below it.
func under(dir, folder string) bool { return dir == folder || strings.HasPrefix(dir, folder+"/") }

// mayImport is the plan of the house: what the production code of each top folder may import of ours.
var mayImport = map[string][]string{
	"pipeline": {"pipeline", "report", "trace"},
	"queue":    {"queue", "trace"},
	"local":    {"local", "trace"},
	"report":   {"report"},
	"trace":    {"trace"},
	"metric":   {"metric"},
	"console":  {"console", "pipeline/ledger", "report", "trace"},
	"schedule": {"schedule", "pipeline/ledger", "report", "trace"},
}

func TestWalls(t *testing.T) {
	for dir, r := range rooms(t) {
		top, _, _ := strings.Cut(dir, "/")
		if top == "cmd" || top == "bench" || top == "faults" {
			continue // the rooms that may import everything
		}
		allowed, ok := mayImport[top]
		if !ok {
			t.Errorf("%s stands in no folder of the house", dir)
			continue
		}
		for imported, file := range r.imports {
			ours, isOurs := strings.CutPrefix(imported, module)
			if !isOurs {
				continue
			}
			fine := false
			for _, folder := range allowed {
				fine = fine || under(ours, folder)
			}
			if !fine {
				t.Errorf("%s imports %s: %s may import only %s", file, ours, top, strings.Join(allowed, ", "))
			}
		}
	}
}

// TestOwners checks the libraries that one room alone may know.
func TestOwners(t *testing.T) {
	owners := []struct{ library, folder, why string }{
		{"github.com/aws/aws-xray-sdk-go", "trace", "the X-Ray SDK is in maintenance: one room owns it"},
		{"go.opentelemetry.io/", "trace/otlp", "one room translates: the others know documents"},
		{"github.com/duckdb/", "pipeline/engine", "the engine's version is pinned and its C++ is fenced in"},
		{"github.com/spf13/cobra", "cmd", "commands are constructors; what they do is plain Go"},
		{"charm.land/fang", "cmd", "it draws help and nothing else"},
		{"github.com/pressly/goose", "pipeline/ledger", "only the ledger has tables"},
		{"github.com/prometheus/", "metric", "one room knows how figures are shown"},
		{"github.com/rickar/cal", "report/calendar", "its globals are set right in one place"},
		{"github.com/wneessen/go-mail", "pipeline/deliver", "one room writes to people"},
		{"github.com/openai/openai-go", "pipeline/commentary", "one room asks a model"},
		{"golang.org/x/sys", "pipeline/source", "one room asks the system for more than Go does"},
		{"github.com/aws/aws-sdk-go-v2/service/s3", "pipeline/store", "only the store knows objects"},
	}
	all := rooms(t)
	for _, owner := range owners {
		found := false
		for dir, r := range all {
			for imported, file := range r.imports {
				if !strings.HasPrefix(imported, owner.library) {
					continue
				}
				found = found || under(dir, owner.folder)
				wires := under(dir, "cmd") && owner.folder != "trace" // cmd makes clients, but no segments
				if !under(dir, owner.folder) && !wires {
					t.Errorf("%s imports %s, which belongs to %s: %s", file, imported, owner.folder, owner.why)
				}
			}
		}
		if !found {
			t.Errorf("nobody in %s imports %s any more: strike it from this test", owner.folder, owner.library)
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for dir, r := range rooms(t) {
		if len(r.imports) > 0 && !r.comment {
			t.Errorf("%s has no package comment", dir)
		}
	}
}
