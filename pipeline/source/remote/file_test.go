package remote_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/monthend/monthend/pipeline/source/remote"
	"github.com/monthend/monthend/report"
)

func TestFilesStayInTheirFolder(t *testing.T) {
	dir := t.TempDir()
	allowed, secret := filepath.Join(dir, "budgets"), filepath.Join(dir, "secret.csv")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(filepath.Join(allowed, "2026", "folder.csv"), 0o755))
	must(os.WriteFile(secret, []byte("id\n9\n"), 0o600))
	must(os.WriteFile(filepath.Join(allowed, "2026", "03.csv"), []byte("id\n1\n"), 0o600))
	must(os.WriteFile(filepath.Join(dir, "budgets-other.csv"), []byte("id\n9\n"), 0o600))
	must(os.Symlink("2026/03.csv", filepath.Join(allowed, "inside.csv")))
	must(os.Symlink(secret, filepath.Join(allowed, "outside.csv")))
	must(os.Symlink("../secret.csv", filepath.Join(allowed, "relative.csv")))
	must(os.Symlink(dir, filepath.Join(allowed, "up")))
	must(syscall.Mkfifo(filepath.Join(allowed, "pipe.csv"), 0o600))
	folders, err := remote.ParseFolders("file://" + allowed + "/")
	must(err)
	f := fetcher(t, "", func(c *remote.Config) { c.Folders = folders })
	read := func(name string) (string, error) {
		_, data, err := fetch(t, f, report.Outside{File: "file://" + name, Format: "csv"})
		return data, err
	}
	for _, name := range []string{"2026/03.csv", "inside.csv"} {
		if data, err := read(filepath.Join(allowed, name)); err != nil || data != "id\n1\n" {
			t.Errorf("%s: got %q, %v", name, data, err)
		}
	}
	for name, words := range map[string]string{
		allowed + "/outside.csv": "", allowed + "/relative.csv": "", allowed + "/up/secret.csv": "", allowed + "/../secret.csv": "", allowed + "/2026/../../secret.csv": "",
		allowed + "/pipe.csv": "not a file", allowed + "/2026/folder.csv": "not a file", allowed + "/none.csv": "no such file",
		secret: "MONTHEND_SOURCE_FILES", dir + "/budgets-other.csv": "MONTHEND_SOURCE_FILES", "/etc/passwd": "MONTHEND_SOURCE_FILES", "relative": "MONTHEND_SOURCE_FILES",
	} {
		data, err := read(name)
		wantError(t, err, true, words)
		if data != "" {
			t.Errorf("%s: got %q, want nothing", name, data)
		}
	}
	small := fetcher(t, "", func(c *remote.Config) { c.Folders, c.MaxBytes = folders, 4 })
	_, _, err = fetch(t, small, report.Outside{File: "file://" + allowed + "/2026/03.csv", Format: "csv"})
	wantError(t, err, true, "more than 4 bytes")
}

// objects answers with what it has, or with a status.
type objects map[string]any

type answeredStatus int

func (s answeredStatus) Error() string       { return "S3 said no" }
func (s answeredStatus) HTTPStatusCode() int { return int(s) }

func (o objects) Object(_ context.Context, bucket, key string) (io.ReadCloser, error) {
	switch v := o[bucket+"/"+key].(type) {
	case string:
		return io.NopCloser(strings.NewReader(v)), nil
	case answeredStatus:
		return nil, v
	}
	return nil, answeredStatus(404)
}

func TestObjects(t *testing.T) {
	folders, err := remote.ParseFolders("s3://finance/budget/,s3://open")
	if err != nil {
		t.Fatal(err)
	}
	f := fetcher(t, "", func(c *remote.Config) {
		c.Folders = folders
		c.Objects = objects{"finance/budget/03.csv": "id\n1\n", "finance/payroll/03.csv": "id\n9\n", "open/any/where.csv": "id\n2\n",
			"open/busy": answeredStatus(503), "open/slow": answeredStatus(429), "open/mine": answeredStatus(403)}
	})
	for file, want := range map[string]string{"s3://finance/budget/03.csv": "id\n1\n", "s3://open/any/where.csv": "id\n2\n"} {
		if receipt, data, err := fetch(t, f, report.Outside{File: file, Format: "csv"}); err != nil || data != want || receipt.URL != file {
			t.Errorf("%s: got %q, %+v, %v", file, data, receipt, err)
		}
	}
	for _, c := range []struct {
		file, words string
		permanent   bool
	}{
		{"s3://finance/payroll/03.csv", "MONTHEND_SOURCE_FILES", true}, {"s3://finance/budget-other.csv", "MONTHEND_SOURCE_FILES", true},
		{"s3://finance/budget/../payroll/03.csv", "..", true}, {"s3://other/x", "MONTHEND_SOURCE_FILES", true},
		{"s3://finance/budget/none.csv", "no such object", true}, {"s3://open/mine", "does not give it", true},
		{"s3://open/busy", "503", false}, {"s3://open/slow", "429", false},
	} {
		_, _, err := fetch(t, f, report.Outside{File: c.file, Format: "csv"})
		wantError(t, err, c.permanent, c.words)
	}
	for _, wrong := range []string{"/srv", "file://srv", "https://x", "s3://"} {
		if got, err := remote.ParseFolders(wrong); err == nil {
			t.Errorf("%q: got %+v, want an error", wrong, got)
		}
	}
}
