package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/monthend/monthend/pipeline/store"
)

func freshDirectory(t testing.TB) store.Store {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "not", "yet there"))
}

func open(t testing.TB, directory string) store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), "file://"+filepath.ToSlash(directory), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Nothing but whole files is left, whatever went wrong on the way.
func TestDirectoryLeavesNothing(t *testing.T) {
	root := t.TempDir()
	s := open(t, root)
	mustPut(t, s, "a/x.csv", "first")
	if err := put(t, s, "a/x.csv", "other"); !errors.Is(err, store.ErrConflict) {
		t.Fatalf("got %v, want ErrConflict", err)
	}
	name, sum := file(t, "content")
	sum.Size++
	if err := s.Put(t.Context(), "a/y.csv", name, sum); err == nil {
		t.Fatal("got no error, want the sum refused")
	}
	if err := s.Replace(t.Context(), "a/current.json", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	var got []string
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			path, err = filepath.Rel(root, path)
			got = append(got, path)
		}
		return err
	})
	if want := []string{"a/current.json", "a/x.csv"}; err != nil || !cmp.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}

// What a killed process leaves half written is not listed, and is in nobody's way.
func TestDirectoryAfterCrash(t *testing.T) {
	root := t.TempDir()
	s := open(t, root)
	if err := os.WriteFile(filepath.Join(root, ".put-HALF"), []byte("ha"), 0o600); err != nil {
		t.Fatal(err)
	}
	mustPut(t, s, "x.csv", "whole")
	if got, want := paths(t, s, ""), []string{"x.csv"}; !cmp.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestDirectoryLinkEscapes(t *testing.T) {
	outside, root := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	s := open(t, root)
	if r, err := s.Open(t.Context(), "link/secret"); err == nil {
		r.Close()
		t.Error("got a file outside of the root")
	}
	if err := put(t, s, "link/x.csv", "content"); err == nil {
		t.Error("got a file put outside of the root")
	}
	if got := paths(t, s, ""); len(got) != 0 {
		t.Errorf("got %v, want nothing listed through a link", got)
	}
}

func TestDirectoryLocate(t *testing.T) {
	root := t.TempDir()
	want := filepath.Join(root, "a", "x.csv")
	if got := open(t, root).Locate("a/x.csv"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := store.Locate("file://"+root, "a/x.csv"); got != want {
		t.Errorf("unopened: got %q, want %q", got, want)
	}
}

func TestOpenDirectoryUnusable(t *testing.T) {
	name, _ := file(t, "a file is no folder")
	_, err := store.Open(t.Context(), "file://"+name+"/below", nil)
	want := `output "file://` + name + `/below" cannot be used: not a directory`
	var refused *store.OutputError
	if !errors.As(err, &refused) || refused.Malformed || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
