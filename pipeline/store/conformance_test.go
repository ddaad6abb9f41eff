package store_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/monthend/monthend/pipeline/store"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const folder = "monthly-financials/_/2026-03/v1-0a1b2c3d"

// TestStore is what every store must do; fresh opens an empty one.
func TestStore(t *testing.T) {
	for name, fresh := range map[string]func(testing.TB) store.Store{"directory": freshDirectory, "bucket": freshBucket} {
		t.Run(name, func(t *testing.T) {
			for _, test := range []struct {
				name string
				run  func(*testing.T, store.Store)
			}{
				{"Put", testPut}, {"PutAgain", testPutAgain}, {"PutConflict", testPutConflict}, {"PutChanged", testPutChanged},
				{"PutBad", testPutBad}, {"PutCancelled", testPutCancelled}, {"PutRace", testPutRace}, {"PutRaceConflict", testPutRaceConflict},
				{"Open", testOpen}, {"Replace", testReplace}, {"List", testList}, {"Folders", testFolders}, {"BadPath", testBadPath},
			} {
				t.Run(test.name, func(t *testing.T) { test.run(t, fresh(t)) })
			}
		})
	}
}

// file writes content to a local file and sums it.
func file(t testing.TB, content string) (string, store.Sum) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256([]byte(content))
	return name, store.Sum{SHA256: hex.EncodeToString(hash[:]), Size: int64(len(content))}
}

func put(t testing.TB, s store.Store, path, content string) error {
	t.Helper()
	name, sum := file(t, content)
	return s.Put(t.Context(), path, name, sum)
}

func mustPut(t testing.TB, s store.Store, path, content string) {
	t.Helper()
	if err := put(t, s, path, content); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, s store.Store, path string) string {
	t.Helper()
	r, err := s.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func paths(t testing.TB, s store.Store, prefix string) []string {
	t.Helper()
	entries, err := s.List(t.Context(), prefix)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, e := range entries {
		paths = append(paths, e.Path)
	}
	return paths
}

func testPut(t *testing.T, s store.Store) {
	for path, content := range map[string]string{folder + "/report.html": "<html>Čistírna</html>", "empty.csv": ""} {
		mustPut(t, s, path, content)
		if got := read(t, s, path); got != content {
			t.Errorf("got %q, want %q", got, content)
		}
	}
}

func testPutAgain(t *testing.T, s store.Store) {
	mustPut(t, s, folder+"/a.json", "{}")
	mustPut(t, s, folder+"/a.json", "{}")
	if got, want := paths(t, s, ""), []string{folder + "/a.json"}; !cmp.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func testPutConflict(t *testing.T, s store.Store) {
	mustPut(t, s, folder+"/a.json", "first")
	for _, content := range []string{"other", "longer than the first"} {
		if err := put(t, s, folder+"/a.json", content); !errors.Is(err, store.ErrConflict) {
			t.Errorf("got %v, want ErrConflict", err)
		}
	}
	if got := read(t, s, folder+"/a.json"); got != "first" {
		t.Errorf("got %q, want what came first", got)
	}
}

// A file that is not what its sum says is not stored, and leaves nothing.
func testPutChanged(t *testing.T, s store.Store) {
	name, sum := file(t, "as measured")
	if err := os.WriteFile(name, []byte("as altered!"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), folder+"/a.json", name, sum); err == nil || errors.Is(err, store.ErrConflict) {
		t.Errorf("got %v, want an error that is no conflict", err)
	}
	if got := paths(t, s, ""); len(got) != 0 {
		t.Errorf("got %v, want nothing stored", got)
	}
}

func testPutBad(t *testing.T, s store.Store) {
	name, sum := file(t, "content")
	if err := s.Put(t.Context(), "a.json", name+".absent", sum); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want an absent file named", err)
	}
	for _, bad := range []store.Sum{{}, {SHA256: "zz", Size: 7}, {SHA256: sum.SHA256, Size: -1}, {SHA256: sum.SHA256[2:], Size: 7}} {
		if err := s.Put(t.Context(), "a.json", name, bad); err == nil {
			t.Errorf("got no error for sum %+v", bad)
		}
	}
}

func testPutCancelled(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	name, sum := file(t, "content")
	if err := s.Put(ctx, "a.json", name, sum); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it cancelled", err)
	}
	if got := paths(t, s, ""); len(got) != 0 {
		t.Errorf("got %v, want nothing stored", got)
	}
}

// Two workers that finish one version at the same time both succeed.
func testPutRace(t *testing.T, s store.Store) {
	name, sum := file(t, strings.Repeat("the same bytes ", 10_000))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := s.Put(t.Context(), folder+"/a.csv", name, sum); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got, want := paths(t, s, ""), []string{folder + "/a.csv"}; !cmp.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Of different bytes under one name exactly one comes to stay.
func testPutRaceConflict(t *testing.T, s store.Store) {
	const writers = 8
	var wg sync.WaitGroup
	stored := make(chan string, writers)
	for i := range writers {
		content := fmt.Sprintf("content %d", i)
		name, sum := file(t, content)
		wg.Go(func() {
			switch err := s.Put(t.Context(), "a.csv", name, sum); {
			case err == nil:
				stored <- content
			case !errors.Is(err, store.ErrConflict):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	close(stored)
	if len(stored) != 1 {
		t.Fatalf("got %d writers content, want 1", len(stored))
	}
	if got, want := read(t, s, "a.csv"), <-stored; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func testOpen(t *testing.T, s store.Store) {
	mustPut(t, s, folder+"/a.json", "{}")
	for _, path := range []string{"absent.json", folder + "/absent", "no/such/folder/a.json", folder, folder + "/a.json/below"} {
		if r, err := s.Open(t.Context(), path); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("open %q: got %v, %v; want ErrNotFound", path, r, err)
		}
	}
}

func testReplace(t *testing.T, s store.Store) {
	const current = "monthly-financials/_/2026-03/current.json"
	for _, content := range []string{`{"version":1}`, `{"version":2,"longer":true}`, `{}`} {
		if err := s.Replace(t.Context(), current, []byte(content)); err != nil {
			t.Fatal(err)
		}
		if got := read(t, s, current); got != content {
			t.Errorf("got %q, want %q", got, content)
		}
	}
}

func testList(t *testing.T, s store.Store) {
	all := []string{"a-b/x.csv", "a/_/x.csv", "a/_/z/deep/y.csv", "a/x.csv", "ab/x.csv"} // in the order of bytes: '-' < '/' < 'b'
	for _, path := range []string{all[4], all[2], all[0], all[3], all[1]} {
		mustPut(t, s, path, path)
	}
	for prefix, want := range map[string][]string{
		"": all, "a": all, "a/": all[1:4], "a/_": all[1:3], "a/_/": all[1:3], "a/x": all[3:4], "a/x.csv": all[3:4], "b": nil, "b/c/": nil, "a/x.csv/": nil,
	} {
		if got := paths(t, s, prefix); !cmp.Equal(got, want, cmpopts.EquateEmpty()) {
			t.Errorf("list %q: got %v, want %v", prefix, got, want)
		}
	}
	entries, err := s.List(t.Context(), "a-b")
	if want := []store.Entry{{Path: all[0], Size: int64(len(all[0]))}}; err != nil || !cmp.Equal(entries, want) {
		t.Errorf("got %v, %v; want %v", entries, err, want)
	}
}

func testFolders(t *testing.T, s store.Store) {
	const key = "monthly-financials/_/2026-03"
	if got, err := store.Folders(t.Context(), s, key); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v, want none in an empty store", got, err)
	}
	for _, path := range []string{
		key + "/v2-0a1b2c3d/a.csv", key + "/v10-0a1b2c3d/datasets/a.parquet", key + "/v10-0a1b2c3d/a.csv", key + "/v10-1a1b2c3d/a.csv",
		key + "/v9-ffffffff/a.csv", key + "/current.json", key + "/v77-0a1b2c3d", key + "/v99-nothex00/a.csv",
		"monthly-financials/_/2026-04/v50-0a1b2c3d/a.csv", "monthly-financials/_/2026-031/v60-0a1b2c3d/a.csv",
	} {
		mustPut(t, s, path, "x")
	}
	want := []store.Folder{
		{Path: key + "/v10-0a1b2c3d", Number: 10, Files: []string{key + "/v10-0a1b2c3d/a.csv", key + "/v10-0a1b2c3d/datasets/a.parquet"}},
		{Path: key + "/v10-1a1b2c3d", Number: 10, Files: []string{key + "/v10-1a1b2c3d/a.csv"}},
		{Path: key + "/v9-ffffffff", Number: 9, Files: []string{key + "/v9-ffffffff/a.csv"}},
		{Path: key + "/v2-0a1b2c3d", Number: 2, Files: []string{key + "/v2-0a1b2c3d/a.csv"}},
	}
	got, err := store.Folders(t.Context(), s, key)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func testBadPath(t *testing.T, s store.Store) {
	name, sum := file(t, "content")
	for _, path := range []string{
		"", ".", "..", "/etc/passwd", "../a", "a/../../b", "a/./b", "a//b", "a/", ".put-x", "a/.hidden", `a\b`, "a\x00b", "a\nb", "\xff",
		strings.Repeat("a/", 300) + "b",
	} {
		if err := s.Put(t.Context(), path, name, sum); err == nil {
			t.Errorf("put %q: got no error", path)
		}
		if err := s.Replace(t.Context(), path, nil); err == nil {
			t.Errorf("replace %q: got no error", path)
		}
		if r, err := s.Open(t.Context(), path); err == nil {
			r.Close()
			t.Errorf("open %q: got no error", path)
		}
	}
	for _, prefix := range []string{"../", "/", "a//", "..", "a/../"} {
		if got, err := s.List(t.Context(), prefix); err == nil {
			t.Errorf("list %q: got %v, want an error", prefix, got)
		}
	}
}
