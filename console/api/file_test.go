package api_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFile(t *testing.T) {
	w := newWorld(t, options{})
	content := "id;amount\n" + strings.Repeat("1;20.00\n", 40_000)
	v := w.publish(w.claim("r1", "alpha", march), map[string]string{"report.html": "<p>March</p>", "datasets/daily.csv": content})
	base := "/api/runs/" + v.RunID + "/files"
	var listed struct {
		Files []struct{ Name, Href, SHA256 string }
	}
	w.wants(http.StatusOK, call{method: "GET", path: base, token: w.read}).into(t, &listed)
	for _, f := range listed.Files {
		got := w.wants(http.StatusOK, call{method: "GET", path: f.Href, token: w.read})
		if got.Header.Get("ETag") != `"`+f.SHA256+`"` || got.Header.Get("Accept-Ranges") != "bytes" {
			t.Errorf("%s: %v", f.Name, got.Header)
		}
	}
	csv := base + "/datasets%2Fdaily.csv"
	got := w.wants(http.StatusOK, call{method: "GET", path: csv, token: w.read})
	if string(got.text) != content || got.Header.Get("Content-Type") != "text/csv; charset=utf-8" ||
		got.Header.Get("Content-Disposition") != "attachment; filename=monthly-financials_2026-03_alpha_v1_datasets-daily.csv" {
		t.Errorf("%d bytes, %v", len(got.text), got.Header)
	}
	w.wants(http.StatusOK, call{method: "GET", path: base + "/datasets/daily.csv", token: w.alpha})
	w.wants(http.StatusNotModified, call{method: "GET", path: csv, token: w.read, header: map[string]string{"If-None-Match": got.Header.Get("ETag")}})
	part := w.wants(http.StatusPartialContent, call{method: "GET", path: csv, token: w.read, header: map[string]string{"Range": "bytes=10-16"}})
	if string(part.text) != "1;20.00" {
		t.Errorf("got %q", part.text)
	}
	w.wants(http.StatusOK, call{method: "GET", path: csv, token: w.read, header: map[string]string{"Range": "bytes=0-0,5-6"}})
	w.wants(http.StatusRequestedRangeNotSatisfiable, call{method: "GET", path: csv, token: w.read, header: map[string]string{"Range": "bytes=99999999-"}})
	for _, name := range []string{"missing.html", "..%2F..%2F..%2Fetc%2Fpasswd", "%2e%2e/manifest.json", "..", "manifest.json", "report.html%00", "report.html/", "/report.html", "datasets", ""} {
		w.wants(http.StatusNotFound, call{method: "GET", path: base + "/" + name, token: w.admin})
	}

	// Altered where it is kept, a file never arrives whole.
	stored := filepath.Join(w.dir, filepath.FromSlash(v.Path), "datasets", "daily.csv")
	if err := os.Chmod(stored, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stored, []byte(strings.Replace(content, "1;20.00", "1;99.00", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	w.cutOff(csv)
	if err := os.Truncate(stored, 100); err != nil {
		t.Fatal(err)
	}
	w.cutOff(csv)
	if err := os.Remove(stored); err != nil {
		t.Fatal(err)
	}
	if got := w.do(call{method: "GET", path: csv, token: w.read}); got.StatusCode != http.StatusNotFound || strings.Contains(string(got.text), w.dir) {
		t.Errorf("got %d %s for a file that is gone", got.StatusCode, got.text)
	}
}

// What a token does not reach is not there.
func TestReach(t *testing.T) {
	w := newWorld(t, options{})
	c := w.claim("r-beta", "beta", march)
	w.publish(c, map[string]string{"report.html": "x"})
	for _, path := range []string{"/api/runs/" + c.RunID, "/api/runs/r-beta", "/api/runs/" + c.RunID + "/files", "/api/runs/" + c.RunID + "/files/report.html", "/api/versions/monthly-financials/beta/2026-03"} {
		w.wants(http.StatusOK, call{method: "GET", path: path, token: w.read})
		w.wants(http.StatusNotFound, call{method: "GET", path: path, token: w.alpha})
	}
	w.wants(http.StatusNotFound, call{method: "POST", path: "/api/runs/" + c.RunID + "/retry", token: w.alpha})
	w.wants(http.StatusNotFound, call{method: "POST", path: "/api/runs/" + c.RunID + "/cancel", token: w.alpha})
	for _, tenant := range []string{"", `, "tenant": "beta"`} {
		w.wants(http.StatusForbidden, call{method: "POST", path: "/api/runs", token: w.alpha, body: `{"report": "monthly-financials", "period": "2026-03"` + tenant + `}`})
	}
	w.wants(http.StatusForbidden, call{method: "GET", path: "/metrics", token: w.alpha})
	w.wants(http.StatusOK, call{method: "GET", path: "/metrics", token: w.read})
}
