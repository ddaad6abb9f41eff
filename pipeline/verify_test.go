package pipeline_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/store"
)

const marchPath = "monthly-financials/_/2026-03"

func (s shelf) verify(t *testing.T, repair bool) (pipeline.Verified, error) {
	t.Helper()
	return pipeline.Verify(t.Context(), pipeline.VerifyConfig{Ledger: s.ledger, Store: s.store, Repair: repair})
}

// findings verifies and tells what was found in one line each.
func (s shelf) findings(t *testing.T, repair bool) []string {
	t.Helper()
	got, err := s.verify(t, repair)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range got.Findings {
		line := fmt.Sprintf("%s v%d %s: %s", f.Kind, f.Version, strings.TrimPrefix(f.Path, marchPath+"/"), f.Detail)
		if f.Repaired {
			line += " (repaired)"
		}
		lines = append(lines, line)
	}
	return lines
}

func (s shelf) manifest(t *testing.T, i int) (pipeline.Manifest, string) {
	t.Helper()
	m, err := pipeline.ParseManifest(s.versions[i].Manifest)
	if err != nil {
		t.Fatal(err)
	}
	return m, fmt.Sprintf("%s/manifest-%d.json", s.versions[i].Path, m.Provenance.Token)
}

// TestVerify alters, loses and adds what is published, one thing at a time, on both stores.
func TestVerify(t *testing.T) {
	for _, kind := range []string{"directory", "bucket"} {
		t.Run(kind, func(t *testing.T) {
			s := newShelf(t, kind == "bucket", nil)
			first, second := strings.TrimPrefix(s.versions[0].Path, marchPath+"/"), strings.TrimPrefix(s.versions[1].Path, marchPath+"/")
			manifest, manifestPath := s.manifest(t, 0)
			manifestName := strings.TrimPrefix(manifestPath, marchPath+"/")
			csv, json := s.versions[0].Path+"/daily.csv", s.versions[1].Path+"/monthly-financials-2026-03.json"
			pointer := marchPath + "/current.json"
			replace := func(path, old, new string) {
				data := s.get(path)
				if !bytes.Contains(data, []byte(old)) {
					t.Fatalf("%s does not hold %q", path, old)
				}
				s.put(path, bytes.Replace(data, []byte(old), []byte(new), 1))
			}
			daily := artifact(t, manifest, "daily.csv")

			for _, c := range []struct {
				name  string
				files []string // put back afterwards
				do    func()
				want  []string
			}{
				{"nothing", nil, func() {}, nil},
				{"byte altered", []string{csv}, func() {
					data := bytes.Clone(s.get(csv))
					data[len(data)/2] ^= 1
					s.put(csv, data)
				}, []string{fmt.Sprintf("altered v1 %s/daily.csv: %d bytes, sha256 ?; published were %[2]d bytes, sha256 %.8s", first, daily.Bytes, daily.SHA256)}},
				{"file cut", []string{json}, func() { s.put(json, s.get(json)[:10]) },
					[]string{"altered v2 " + second + "/monthly-financials-2026-03.json: 10 bytes, sha256 ?; published were ?"}},
				{"file lost", []string{csv}, func() { s.remove(csv) },
					[]string{fmt.Sprintf("lost v1 %s/daily.csv: %d bytes, sha256 %.8s", first, daily.Bytes, daily.SHA256)}},
				{"files swapped", []string{csv, s.versions[0].Path + "/by_category.csv"}, func() {
					other := s.versions[0].Path + "/by_category.csv"
					a, b := s.get(csv), s.get(other)
					s.put(csv, b)
					s.put(other, a)
				}, []string{
					"altered v1 " + first + "/daily.csv: it holds what by_category.csv should",
					"altered v1 " + first + "/by_category.csv: it holds what daily.csv should",
				}},
				{"content of the manifest altered", []string{manifestPath}, func() { replace(manifestPath, daily.SHA256, strings.Repeat("0", 64)) },
					[]string{fmt.Sprintf("altered v1 %s: its content does not have the digest %.8s of the version", manifestName, s.versions[0].ContentDigest)}},
				{"provenance of the manifest altered", []string{manifestPath}, func() { replace(manifestPath, manifest.Provenance.RunID, "run_other") },
					[]string{"altered v1 " + manifestName + ": its provenance is not what the ledger says"}},
				{"manifest lost", []string{manifestPath}, func() { s.remove(manifestPath) },
					[]string{"lost v1 " + manifestName + ": the ledger has a copy of it"}},
				{"manifest no manifest", []string{manifestPath}, func() { s.put(manifestPath, []byte("\x00")) },
					[]string{fmt.Sprintf("altered v1 %s: its content does not have the digest %.8s of the version", manifestName, s.versions[0].ContentDigest)}},
				{"pointer wrong", []string{pointer}, func() { replace(pointer, `"version": 2`, `"version": 1`) },
					[]string{"altered v2 current.json: it names version 1; version 2 is current"}},
				{"pointer to another folder", []string{pointer}, func() { replace(pointer, second, first) },
					[]string{"altered v2 current.json: it does not say of version 2 what the ledger says"}},
				{"pointer lost", []string{pointer}, func() { s.remove(pointer) }, []string{"lost v2 current.json: version 2 is current"}},
				{"pointer no JSON", []string{pointer}, func() { s.put(pointer, nil) }, []string{"altered v2 current.json: it is no JSON; version 2 is current"}},
				{"everything lost", s.files(), func() {
					for _, file := range s.files() {
						s.remove(file)
					}
				}, nil},
			} {
				t.Run(c.name, func(t *testing.T) {
					before := map[string][]byte{}
					for _, file := range c.files {
						before[file] = bytes.Clone(s.get(file))
					}
					c.do()
					got := s.findings(t, false)
					if c.name == "everything lost" {
						if len(got) != len(c.files) {
							t.Errorf("got %d findings, want %d:\n%s", len(got), len(c.files), strings.Join(got, "\n"))
						}
					} else if diff := cmp.Diff(c.want, got, questionMarks); diff != "" {
						t.Errorf("findings (-want +got):\n%s", diff)
					}
					for file, data := range before {
						s.put(file, data)
					}
				})
			}
		})
	}
}

// questionMarks compares texts up to the first ? of the wanted one's parts: hashes of what a test made are not worth saying.
var questionMarks = cmp.Comparer(func(a, b string) bool {
	pattern, text := a, b
	if strings.Contains(b, "?") {
		pattern, text = b, a
	}
	for part := range strings.SplitSeq(pattern, "?") {
		_, after, ok := strings.Cut(text, part)
		if !ok {
			return false
		}
		text = after
	}
	return strings.Contains(pattern, "?") || text == ""
})

func artifact(t *testing.T, m pipeline.Manifest, name string) pipeline.Artifact {
	t.Helper()
	for _, a := range m.Content.Artifacts {
		if a.Name == name {
			return a
		}
	}
	t.Fatalf("the manifest has no %s", name)
	panic("unreachable")
}

// files are all paths of March.
func (s shelf) files() []string {
	entries, err := s.store.List(s.t.Context(), marchPath+"/")
	if err != nil {
		s.t.Fatal(err)
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Path
	}
	return names
}

// What was never published is told where readers look, and is harmless in a folder that nobody is led to.
func TestVerifyExtra(t *testing.T) {
	s := newShelf(t, false, nil)
	s.put(s.versions[0].Path+"/summary.xlsx", []byte("mine"))
	s.put(marchPath+"/notes.txt", []byte("mine"))
	s.put(marchPath+"/backup/daily.csv", []byte("mine"))
	first := strings.TrimPrefix(s.versions[0].Path, marchPath+"/")
	want := []string{
		"extra v0 backup/daily.csv: no manifest names it",
		"extra v0 notes.txt: no manifest names it",
		"extra v1 " + first + "/summary.xlsx: no manifest names it",
	}
	if diff := cmp.Diff(want, s.findings(t, true)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	for _, file := range []string{s.versions[0].Path + "/summary.xlsx", marchPath + "/notes.txt", marchPath + "/backup/daily.csv"} {
		s.remove(file)
	}
	// An attempt that died leaves a folder of its own, or its manifest in the folder of the one that published.
	s.put(marchPath+"/v3-0123abcd/daily.csv", []byte("half"))
	s.put(marchPath+"/v3-0123abcd/summary.csv", []byte("half"))
	_, manifestPath := s.manifest(t, 1)
	s.put(s.versions[1].Path+"/manifest-1000.json", bytes.Replace(s.get(manifestPath), []byte(`"attempt": 1`), []byte(`"attempt": 7`), 1))
	got, err := s.verify(t, false)
	if err != nil || !got.Sound() {
		t.Errorf("got %+v, %v; want it sound", got, err)
	}
	if diff := cmp.Diff([]string{"orphan v0 v3-0123abcd: the ledger knows no such version"}, s.findings(t, false)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// A repair writes current.json and nothing else, and what it has written is what a worker writes.
func TestVerifyRepair(t *testing.T) {
	s := newShelf(t, false, nil)
	pointer, csv := marchPath+"/current.json", s.versions[0].Path+"/daily.csv"
	want := s.get(pointer)
	for _, broken := range [][]byte{[]byte(`{"version": 1}`), nil} {
		s.put(pointer, broken)
		got, err := s.verify(t, true)
		if err != nil || !got.Sound() || len(got.Findings) != 1 || !got.Findings[0].Repaired {
			t.Errorf("got %+v, %v; want one finding, repaired", got, err)
		}
		if got := s.get(pointer); !bytes.Equal(got, want) {
			t.Errorf("got pointer %s, want %s", got, want)
		}
	}
	s.put(csv, []byte("altered"))
	got, err := s.verify(t, true)
	if err != nil || got.Sound() || string(s.get(csv)) != "altered" {
		t.Errorf("got %+v, %v; want the file told and left as it is", got, err)
	}
}

// A ledger whose own copy was tampered with is told from a store that was: the store's manifest still has the digest.
func TestVerifyLedgerAltered(t *testing.T) {
	s := newShelf(t, false, nil)
	s.exec(`ALTER TABLE monthend.versions DISABLE TRIGGER versions_stay`)
	s.exec(`UPDATE monthend.versions SET manifest = jsonb_set(manifest, '{content,data_digest}', '"0"') WHERE version = 1`)
	_, manifestPath := s.manifest(t, 0)
	got := s.findings(t, false)
	want := []string{
		"altered v1 " + strings.TrimPrefix(manifestPath, marchPath+"/") + ": the ledger's copy of the manifest does not have the content digest of its version",
		"altered v1 " + strings.TrimPrefix(manifestPath, marchPath+"/") + ": its provenance is not what the ledger says",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// TestVerifyOutage: what cannot be read now is no finding. Fault 38.
func TestVerifyOutage(t *testing.T) {
	var refusals, cuts atomic.Int64 // the next answers to be refused, or cut in the middle
	s := newShelf(t, true, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == http.MethodGet && refusals.Add(-1) >= 0:
				http.Error(w, "<Error><Code>SlowDown</Code></Error>", http.StatusServiceUnavailable)
			case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/daily.csv") && cuts.Add(-1) >= 0:
				w.Header().Set("Content-Length", "100000")
				io.WriteString(w, "half of it")
			default:
				next.ServeHTTP(w, r)
			}
		})
	})
	refusals.Store(2)
	cuts.Store(1)
	if got, err := s.verify(t, false); err != nil || len(got.Findings) != 0 {
		t.Errorf("a passing outage: got %+v, %v; want nothing found", got.Findings, err)
	}
	refusals.Store(0)
	cuts.Store(1000)
	if got, err := s.verify(t, false); err == nil || len(got.Findings) != 0 || !strings.Contains(err.Error(), "daily.csv") {
		t.Errorf("a lasting cut: got %+v, %v; want an error that names the file", got.Findings, err)
	}
	cuts.Store(0)
	refusals.Store(1000)
	if got, err := s.verify(t, true); err == nil || len(got.Findings) != 0 || errors.Is(err, store.ErrNotFound) {
		t.Errorf("a lasting outage: got %+v, %v; want an error", got.Findings, err)
	}
	refusals.Store(0)
}

// What is asked for is what is looked at.
func TestVerifyPicks(t *testing.T) {
	s := newShelf(t, false, nil)
	february := march
	february.Period = "2026-02"
	other := s.publish(february).Version
	s.put(other.Path+"/daily.csv", []byte("altered"))
	for _, c := range []struct {
		name           string
		cfg            pipeline.VerifyConfig
		versions, keys int
		found          int
	}{
		{"all", pipeline.VerifyConfig{}, 3, 2, 1},
		{"march", pipeline.VerifyConfig{Period: s.versions[0].Key.Period}, 2, 1, 0},
		{"february", pipeline.VerifyConfig{Report: march.Report, Period: other.Key.Period}, 1, 1, 1},
		{"another report", pipeline.VerifyConfig{Report: "other"}, 0, 0, 0},
		{"another tenant", pipeline.VerifyConfig{Tenant: "other"}, 0, 0, 0},
	} {
		c.cfg.Ledger, c.cfg.Store = s.ledger, s.store
		got, err := pipeline.Verify(t.Context(), c.cfg)
		if err != nil || got.Versions != c.versions || got.Keys != c.keys || len(got.Findings) != c.found {
			t.Errorf("%s: got %+v, %v; want %d versions of %d keys, %d findings", c.name, got, err, c.versions, c.keys, c.found)
		}
	}
}
