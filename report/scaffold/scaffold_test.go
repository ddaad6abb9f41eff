package scaffold_test

import (
	"strings"
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

// What stands there as a comment holds when it is no comment any more.
func TestExamples(t *testing.T) {
	files, err := scaffold.Files("sales")
	if err != nil {
		t.Fatal(err)
	}
	folder := fstest.MapFS{}
	for _, f := range files {
		if f.Path == report.DefinitionFile {
			f.Data = []byte(strings.NewReplacer("\n# schedule:", "\nschedule:", "\n# due_by:", "\ndue_by:").Replace(string(f.Data)))
		}
		folder["sales/"+f.Path] = &fstest.MapFile{Data: f.Data}
	}
	def, err := report.Load(folder, "sales")
	if err != nil || len(def.Schedules) != 1 || def.DueBy == nil {
		t.Errorf("got schedules %v, due by %v, %v", def.Schedules, def.DueBy, err)
	}
}
