package scaffold_test

import (
	"testing"
	"testing/fstest"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/scaffold"
)

// A new definition is whole under any name, and says so.
func TestFiles(t *testing.T) {
	for _, name := range []string{"sales", "a", "2026-q1"} {
		files, err := scaffold.Files(name)
		if err != nil {
			t.Fatal(err)
		}
		if files[0].Path != report.DefinitionFile {
			t.Errorf("%s: %s comes first", name, files[0].Path)
		}
		folder := fstest.MapFS{}
		for _, f := range files {
			folder[name+"/"+f.Path] = &fstest.MapFile{Data: f.Data}
		}
		def, err := report.Load(folder, name)
		if err != nil || def.Name != name {
			t.Errorf("%s: got %q, %v", name, def.Name, err)
		}
	}
}
