package deliver_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/monthend/monthend/pipeline/deliver"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace/awstrace"
)

// files is every file below a folder.
func files(t *testing.T, dir string) []string {
	t.Helper()
	got := []string{}
	err := filepath.WalkDir(dir, func(name string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			relative, _ := filepath.Rel(dir, name)
			got = append(got, filepath.ToSlash(relative))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestDirectory(t *testing.T) {
	shelf := t.TempDir()
	w := newWorld(t, "deliver:\n  - {directory: \"file://"+shelf+"/finance\"}\n")
	v := w.publish()
	if all := strings.Join(files(t, w.output), "\n"); !strings.Contains(all, "quarantine/") || !strings.Contains(all, ".parquet") {
		t.Fatalf("the store has no quarantine or no kept dataset, so this shows nothing:\n%s", all)
	}
	d := w.deliverer(deliver.Config{Allow: deliver.Allow{"file://" + shelf}})
	w.once(d)
	w.want(v, ledger.Delivered, "")
	folder := filepath.Join(shelf, "finance", "sales", "_", "2026-03")
	want := []string{"index.json", "sales-2026-03.html", "summary.csv"}
	if diff := cmp.Diff(want, files(t, folder)); diff != "" {
		t.Errorf("delivered (-want +got):\n%s", diff)
	}
	checkIndex(t, folder, v)

	// A file that the version before had and the next has not goes away; what others put there stays.
	index := filepath.Join(folder, "index.json")
	data, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	old := strings.Replace(string(data), `"files": [`, `"files": [{"name": "old.pdf"}, {"name": "../../../../kept"}, {"name": "index.json"},`, 1)
	for name, content := range map[string]string{index: old, filepath.Join(folder, "old.pdf"): "old", filepath.Join(folder, "notes.txt"): "ours", filepath.Join(shelf, "kept"): "kept"} {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	second := w.publish()
	w.once(d)
	w.want(second, ledger.Delivered, "")
	if diff := cmp.Diff([]string{"index.json", "notes.txt", "sales-2026-03.html", "summary.csv"}, files(t, folder)); diff != "" {
		t.Errorf("delivered (-want +got):\n%s", diff)
	}
	if _, err := os.Stat(filepath.Join(shelf, "kept")); err != nil {
		t.Errorf("an index led out of its folder: %v", err)
	}
	checkIndex(t, folder, second)

	// Again, the same: every byte.
	before := read(t, index)
	if again, err := w.ledger.DeliverAgain(t.Context(), report.VersionName{Key: second.Key, Number: 2}, true); err != nil || again.Begun != 1 {
		t.Fatalf("got %+v, %v; want it begun again", again, err)
	}
	w.once(d)
	if diff := cmp.Diff(before, read(t, index)); diff != "" {
		t.Errorf("the index changed (-first +second):\n%s", diff)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// checkIndex compares the index with the version and each file with the store's.
func checkIndex(t *testing.T, folder string, v ledger.Version) {
	t.Helper()
	var index struct {
		Version       int
		ContentDigest string `json:"content_digest"`
		Files         []struct{ Name, SHA256 string }
	}
	if err := json.Unmarshal([]byte(read(t, filepath.Join(folder, "index.json"))), &index); err != nil {
		t.Fatal(err)
	}
	if index.Version != v.Number || index.ContentDigest != v.ContentDigest || len(index.Files) != 2 {
		t.Errorf("got index %+v, want version %d", index, v.Number)
	}
	for _, file := range index.Files {
		if !strings.Contains(string(v.Manifest), file.SHA256) {
			t.Errorf("%s has sha256 %s, which the manifest does not know", file.Name, file.SHA256)
		}
	}
}

// A folder in which somebody has laid a link out of what is allowed.
func TestDirectoryLink(t *testing.T) {
	shelf, outside := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(shelf, "finance")); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, "deliver:\n  - {directory: \"file://"+shelf+"/finance\"}\n")
	v := w.publish()
	w.once(w.deliverer(deliver.Config{Allow: deliver.Allow{"file://" + shelf}}))
	w.want(v, ledger.DeliveryWaiting, "directory: ")
	if got := files(t, outside); len(got) > 0 {
		t.Errorf("%v was written outside of what is allowed", got)
	}
}

// What was altered in the store since is delivered to nobody.
func TestAlteredFile(t *testing.T) {
	shelf := t.TempDir()
	w := newWorld(t, "deliver:\n  - {directory: \"file://"+shelf+"\", formats: [csv]}\n")
	v := w.publish()
	if err := os.WriteFile(filepath.Join(w.output, filepath.FromSlash(v.Path), "summary.csv"), []byte("other figures\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	w.once(w.deliverer(deliver.Config{Allow: deliver.Allow{"file://" + shelf}}))
	w.want(v, ledger.DeliveryWaiting, "the file changed")
	if got := files(t, shelf); len(got) > 0 {
		t.Errorf("got %v, want nothing delivered", got)
	}
}

func TestBucket(t *testing.T) {
	backend := s3mem.New()
	if err := backend.CreateBucket("shared"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	client := s3.New(s3.Options{BaseEndpoint: &server.URL, Region: "eu-central-1", UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", "")}, func(o *s3.Options) { awstrace.Instrument(&o.APIOptions) })
	w := newWorld(t, "deliver:\n  - {directory: \"s3://shared/finance\", formats: [html]}\n")
	v := w.publish()
	opened := ""
	d := w.deliverer(deliver.Config{Allow: deliver.Allow{"s3://shared"}, Shelf: func(ctx context.Context, place string) (store.Shelf, error) {
		opened = place
		return store.OpenShelf(ctx, place, client)
	}})
	w.once(d)
	w.want(v, ledger.Delivered, "")
	if opened != "s3://shared" {
		t.Errorf("opened %q, want what is allowed", opened)
	}
	shelf, err := store.Open(t.Context(), "s3://shared", client)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := shelf.List(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Path)
	}
	if diff := cmp.Diff([]string{"finance/sales/_/2026-03/index.json", "finance/sales/_/2026-03/sales-2026-03.html"}, names); diff != "" {
		t.Errorf("delivered (-want +got):\n%s", diff)
	}
	r, err := shelf.Open(t.Context(), names[1])
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil || string(got) != read(t, filepath.Join(w.output, filepath.FromSlash(v.Path), "sales-2026-03.html")) {
		t.Errorf("the copy differs: %v", err)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}
