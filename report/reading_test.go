package report_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/report"
)

// problems are what a reading of the folder "sales" finds.
func problems(t *testing.T, files fstest.MapFS) (lines []string) {
	t.Helper()
	r, err := report.Read(files, "sales")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range r.Problems {
		lines = append(lines, p.String())
	}
	return lines
}

func TestReadRefusesFiles(t *testing.T) {
	for _, c := range []struct{ name, data, want string }{
		{"mark", "\ufeffname: sales\n", "sales/report.yaml: it begins with a byte order mark; save it as plain UTF-8"},
		{"latin", "name: sales\ntitle: M\xfcller\n", "sales/report.yaml:2:9: not UTF-8 from here on"},
		{"utf-16", "\xff\xfen\x00a\x00", "sales/report.yaml:1:1: not UTF-8 from here on"},
		{"size", "# " + strings.Repeat("x", report.MaxFileSize), "sales/report.yaml: more than 262144 bytes"},
		{"blank", " \n\n", "sales/report.yaml: the file is empty"},
	} {
		got := problems(t, fstest.MapFS{"sales/report.yaml": {Data: []byte(c.data)}})
		if diff := cmp.Diff([]string{c.want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// A symbolic link that leads out of the folder of the definitions is not followed, to a file or to a folder.
func TestReadKeepsInside(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	for name, file := range wholeFolder() {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, file.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	secret := filepath.Join(outside, "secret.sql")
	if err := os.WriteFile(secret, []byte("SELECT 'secret' AS net ORDER BY net"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, link := range []string{"daily.sql", "total.sql"} {
		at := filepath.Join(dir, "sales", link)
		if err := os.Remove(at); err != nil {
			t.Fatal(err)
		}
		to := secret
		if link == "total.sql" {
			to = "../../" + filepath.Base(outside) + "/secret.sql"
		}
		if err := os.Symlink(to, at); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	r, err := report.Read(root.FS(), "sales")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range r.Problems {
		got = append(got, p.Message)
	}
	want := []string{"total.sql: open: path escapes from parent", "daily.sql: open: path escapes from parent"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// What a broken definition says is kept, and a place in a text is found where YAML has left it as it stands.
func TestReadingOfABrokenDefinition(t *testing.T) {
	files := wholeFolder()
	data := strings.Replace(string(files["sales/report.yaml"].Data), "currency: CZK", "currency: QQQ", 1)
	files["sales/report.yaml"] = &fstest.MapFile{Data: []byte(data)}
	r, err := report.Read(files, "sales")
	if err != nil || len(r.Problems) != 1 || len(r.Definition.Datasets) != 2 {
		t.Fatalf("got %+v, %v", r, err)
	}
	if got := r.Problems[0].Source; got != "currency: QQQ" {
		t.Errorf("got %q", got)
	}
	p := r.ProblemInText("x", 1, 8, "validate", "rules", 0, "check")
	if got := p.Source[p.Col-1:]; !strings.HasPrefix(got, "IS NOT NULL") {
		t.Errorf("got %q", got)
	}
	if p := r.ProblemAt("x", "validate", "rules", 99, "check"); p.Line != 12 {
		t.Errorf("got %v, want the list of the rules", p)
	}
}

func FuzzReadingPlaces(f *testing.F) {
	f.Add("amount > 0", 1, 3)
	f.Add("\"a\\tb\"", 2, 1)
	f.Add("|\n        a > 0\n        AND b > 0", 2, 5)
	f.Fuzz(func(t *testing.T, check string, line, col int) {
		files := wholeFolder()
		data := strings.Replace(wholeDefinition, "amount IS NOT NULL", check, 1)
		files["sales/report.yaml"] = &fstest.MapFile{Data: []byte(data)}
		r, err := report.Read(files, "sales")
		if err != nil {
			t.Fatal(err)
		}
		p := r.ProblemInText("x", line, col, "validate", "rules", 0, "check")
		if p.Line < 0 || p.Col < 0 || strings.Contains(p.Source, "\n") {
			t.Fatalf("got %+v", p)
		}
	})
}
