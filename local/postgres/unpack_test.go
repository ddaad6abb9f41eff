package postgres_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/local/postgres"
)

const links = "package/native/pg-symlinks.json"

func TestUnpack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "build")
	err := postgres.Unpack(archive(t,
		tar.Header{Name: "package/package.json"}, "{}",
		tar.Header{Name: "package/native/bin/postgres", Mode: 0o755}, "program",
		tar.Header{Name: "package/native/lib/libpq.so.5.18", Mode: 0o600}, "library",
		tar.Header{Name: links}, `[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"}]`,
	), dir)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		got[name] = info.Mode().String()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"native/bin/postgres":      "-rwxr-xr-x",
		"native/lib/libpq.so.5.18": "-rw-r--r--",
		"native/lib/libpq.so.5":    "Lrwxrwxrwx",
		"native/pg-symlinks.json":  "-rw-r--r--",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "native/lib/libpq.so.5")); err != nil || string(text) != "library" {
		t.Errorf("through the link: got %q (%v)", text, err)
	}
}

func TestUnpackRefuses(t *testing.T) {
	for _, tt := range []struct {
		name    string
		archive *bytes.Buffer
		want    string
	}{
		{"a way out", archive(t, tar.Header{Name: "package/native/../../../out"}, "x"), "leads outside"},
		{"a symbolic link", archive(t, tar.Header{Name: "package/native/lib", Typeflag: tar.TypeSymlink, Linkname: "/etc"}, ""), "neither a file nor a folder"},
		{"a file twice", archive(t, tar.Header{Name: "package/native/a"}, "1", tar.Header{Name: "package/native/a"}, "2"), "file exists"},
		{"a link to the outside", archive(t, tar.Header{Name: links}, `[{"source":"../../etc/passwd","target":"native/x"}]`), "leads outside"},
		{"a link at the outside", archive(t, tar.Header{Name: links}, `[{"source":"native/a","target":"/tmp/x"}]`), "leads outside"},
		{"no list of links", archive(t, tar.Header{Name: "package/native/a"}, "1"), "pg-symlinks.json"},
		{"no archive", bytes.NewBufferString("spoilt"), "read archive"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parent := t.TempDir()
			err := postgres.Unpack(tt.archive, filepath.Join(parent, "build"))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			entries, err := os.ReadDir(parent)
			if err != nil || len(entries) != 1 {
				t.Errorf("beside the build: %v (%v)", entries, err)
			}
		})
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add("package/native/bin/initdb", `[]`)
	f.Add("package/native/../../out", `[{"source":"native/bin/initdb","target":"native/link"}]`)
	f.Add("package/native/\x00", `[{"source":"..","target":"native"}]`) // a name that no file may have
	f.Add("package/native/a/", `[{"source":"","target":""}]`)           // a folder by its name only
	f.Fuzz(func(t *testing.T, name, list string) {
		parent := t.TempDir()
		_ = postgres.Unpack(archive(t, tar.Header{Name: name}, "x", tar.Header{Name: links}, list), filepath.Join(parent, "build"))
		entries, err := os.ReadDir(parent)
		if err != nil || len(entries) > 1 {
			t.Errorf("beside the build: %v (%v)", entries, err)
		}
	})
}

// archive is a gzipped tar file; the arguments are headers, each followed by its content.
func archive(tb testing.TB, parts ...any) *bytes.Buffer {
	tb.Helper()
	var buffer bytes.Buffer
	zipped := gzip.NewWriter(&buffer)
	entries := tar.NewWriter(zipped)
	for i := 0; i < len(parts); i += 2 {
		header, content := parts[i].(tar.Header), parts[i+1].(string)
		header.Size = int64(len(content))
		if header.Typeflag == 0 {
			header.Typeflag = tar.TypeReg
		}
		if err := entries.WriteHeader(&header); err != nil {
			return bytes.NewBufferString("not to be written") // a fuzzed name that tar itself refuses
		}
		if _, err := entries.Write([]byte(content)); err != nil {
			tb.Fatal(err)
		}
	}
	if err := entries.Close(); err != nil {
		tb.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		tb.Fatal(err)
	}
	return &buffer
}
