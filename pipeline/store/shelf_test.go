package store_test

import (
	"errors"
	"io"
	"os"
	"testing"

	"github.com/monthend/monthend/pipeline/store"
)

// TestShelf is what every shelf must do.
func TestShelf(t *testing.T) {
	for name, fresh := range map[string]func(testing.TB) store.Store{"directory": freshDirectory, "bucket": freshBucket} {
		t.Run(name, func(t *testing.T) {
			s := fresh(t).(store.Shelf)
			set := func(path, content string) error {
				name, sum := file(t, content)
				return s.Set(t.Context(), path, name, sum)
			}
			for _, content := range []string{"first", "second, and longer", "third"} {
				if err := set("a/report.pdf", content); err != nil {
					t.Fatal(err)
				}
				r, err := s.Open(t.Context(), "a/report.pdf")
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(r)
				if err := errors.Join(err, r.Close()); err != nil || string(got) != content {
					t.Errorf("got %q, %v; want %q", got, err, content)
				}
			}
			local, sum := file(t, "as it was")
			if err := os.WriteFile(local, []byte("as it is!"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := s.Set(t.Context(), "a/report.pdf", local, sum); err == nil {
				t.Error("a file that changed was set")
			}
			for range 2 { // the second finds nothing
				if err := s.Remove(t.Context(), "a/report.pdf"); err != nil {
					t.Error(err)
				}
			}
			if _, err := s.Open(t.Context(), "a/report.pdf"); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("got %v, want it gone", err)
			}
			for _, bad := range []string{"../x", "/x", "a/.put-x", ""} {
				if set(bad, "x") == nil || s.Remove(t.Context(), bad) == nil {
					t.Errorf("%q is taken for a path", bad)
				}
			}
		})
	}
}

func TestWithin(t *testing.T) {
	for _, test := range []struct {
		shelf, place, path string
		ok                 bool
	}{
		{"file:///srv/reports", "file:///srv/reports", "", true},
		{"file:///srv/reports/", "file:///srv/reports/a/b", "a/b", true},
		{"file:///srv/reports", "file:///srv/reports-of-others", "", false},
		{"s3://bucket", "s3://bucket/a", "a", true},
		{"s3://bucket/a", "s3://bucket", "", false},
		{"s3://bucket", "s3://bucket2/a", "", false},
	} {
		if path, ok := store.Within(test.shelf, test.place); ok != test.ok || ok && path != test.path {
			t.Errorf("%s in %s: got %q, %t; want %q, %t", test.place, test.shelf, path, ok, test.path, test.ok)
		}
	}
}
