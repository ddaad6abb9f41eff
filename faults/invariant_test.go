package faults_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/report"
)

// Tally is how the invariant stands: every accepted request has exactly one outcome, every published key exactly one
// current version, byte-equal to a clean run, and no message is lost.
type Tally struct {
	Jobs      int // requests that the queue accepted
	Published int // of them: published, or answered as duplicate of a published one
	Lost      int // without the outcome they should have, or dead without a reason
	Doubled   int // more versions, or published runs, than were asked for
	Altered   int // files that are not what their manifest says, or not what a clean run draws

	Orphans  int      // files in the store that belong to no version of the ledger; swept after 7 days, no fault
	Stale    int      // keys whose current.json does not point to the current version; mended by the next run, no fault
	Problems []string // one line for each thing lost, doubled or altered
}

// String is the line that a chaos run ends with.
func (t Tally) String() string {
	return fmt.Sprintf("jobs %d, published %d, lost %d, doubled %d, altered %d", t.Jobs, t.Published, t.Lost, t.Doubled, t.Altered)
}

func (t *Tally) problem(count *int, format string, args ...any) {
	*count++
	t.Problems = append(t.Problems, fmt.Sprintf(format, args...))
}

// Check waits for the end of everything that was sent and then has the test fail for whatever the invariant is hurt by.
func (s *Stack) Check() Tally {
	s.tb.Helper()
	for _, sent := range s.Sent() {
		s.Await(sent)
	}
	s.AwaitEmpty()
	t := s.Tally()
	for _, problem := range t.Problems {
		s.tb.Error(problem)
	}
	return t
}

// Sent are the requests that the queue has accepted so far.
func (s *Stack) Sent() []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}

// Tally looks at the ledger, the store, the queue and the dead letters as they are now.
func (s *Stack) Tally() (t Tally) {
	s.tb.Helper()
	ctx := context.WithoutCancel(s.tb.Context())
	asked := map[report.Key]int{} // versions that may be there
	for _, sent := range s.Sent() {
		t.Jobs++
		s.tallyRequest(ctx, &t, sent)
		if sent.Job.Report == "" {
			continue
		}
		key := s.Key(sent.Job)
		asked[key] = max(asked[key], 1)
		if sent.Job.Restate {
			asked[key]++
		}
	}
	for key, versions := range asked {
		s.tallyKey(ctx, &t, key, versions)
	}
	if d := s.Depth(ctx); d.Waiting+d.InFlight+d.Delayed > 0 {
		t.problem(&t.Lost, "on the queue are left: %d waiting, %d in flight, %d delayed", d.Waiting, d.InFlight, d.Delayed)
	}
	s.tallyDead(ctx, &t)
	return t
}

func (s *Stack) tallyRequest(ctx context.Context, t *Tally, sent Sent) {
	request, err := s.Ledger.Request(ctx, sent.RequestID)
	if err != nil {
		t.problem(&t.Lost, "request %s: %v", sent.RequestID, err)
		return
	}
	done := request.Outcome == report.Published || request.Outcome == report.Duplicate
	if done {
		t.Published++
	}
	if request.Outcome != sent.Want && !(sent.Want == "" && done) {
		t.problem(&t.Lost, "request %s: got outcome %q (%s), want %q", sent.RequestID, request.Outcome, request.Error, sent.Want)
	}
}

// tallyKey looks at what was published of a key.
func (s *Stack) tallyKey(ctx context.Context, t *Tally, key report.Key, most int) {
	versions, err := s.Ledger.Versions(ctx, key)
	if err != nil {
		t.problem(&t.Lost, "%s: %v", key, err)
		return
	}
	if len(versions) > most {
		t.problem(&t.Doubled, "%s: %d versions, want at most %d", key, len(versions), most)
	}
	runs, err := s.Ledger.Runs(ctx, ledger.Filter{Report: key.Report, Period: key.Period, Tenant: key.Tenant, Limit: 10_000})
	if err != nil {
		t.problem(&t.Lost, "%s: %v", key, err)
	}
	published := 0
	for _, run := range runs {
		if run.Key == key && run.Outcome == "" {
			t.problem(&t.Lost, "%s: run %s never ended", key, run.RunID)
		}
		if run.Key == key && run.Outcome == report.Published {
			published++
		}
	}
	if published != len(versions) {
		t.problem(&t.Doubled, "%s: %d published runs and %d versions", key, published, len(versions))
	}
	current := 0
	for _, version := range versions {
		if version.Current {
			current++
			s.tallyPointer(ctx, t, version)
		}
		s.tallyVersion(ctx, t, version)
	}
	if len(versions) > 0 && current != 1 {
		t.problem(&t.Doubled, "%s: %d current versions", key, current)
	}
	t.Orphans += s.orphans(ctx, t, key, versions)
}

// tallyVersion compares the files of a version with its manifest and with a clean run.
func (s *Stack) tallyVersion(ctx context.Context, t *Tally, version ledger.Version) {
	manifest, err := pipeline.ParseManifest(version.Manifest)
	if err != nil {
		t.problem(&t.Altered, "%s v%d: %v", version.Key, version.Number, err)
		return
	}
	digest, err := manifest.Content.Digest()
	if err != nil || digest != version.ContentDigest {
		t.problem(&t.Altered, "%s v%d: the manifest's content has digest %s, %v; the ledger says %s", version.Key, version.Number, digest, err, version.ContentDigest)
	}
	want := map[string]string{}
	if manifest.Content.Previous == "" {
		for _, artifact := range s.cleaner().content(version.Key, version.Number).Artifacts {
			want[artifact.Name] = artifact.SHA256
		}
		if len(want) != len(manifest.Content.Artifacts) {
			t.problem(&t.Altered, "%s v%d: %d files, a clean run has %d", version.Key, version.Number, len(manifest.Content.Artifacts), len(want))
		}
	}
	for _, artifact := range manifest.Content.Artifacts {
		name := path.Join(version.Path, artifact.Name)
		got, err := s.hash(ctx, name)
		if err != nil || got != artifact.SHA256 {
			t.problem(&t.Altered, "%s: got sha256 %s, %v; its manifest says %s", name, got, err, artifact.SHA256)
		}
		if clean, ok := want[artifact.Name]; ok && clean != artifact.SHA256 {
			t.problem(&t.Altered, "%s: differs from a clean run's", name)
		}
	}
}

func (s *Stack) hash(ctx context.Context, name string) (string, error) {
	file, err := s.Store.Open(ctx, name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, file)
	return hex.EncodeToString(sum.Sum(nil)), err
}

// tallyPointer looks whether current.json says what the ledger says.
func (s *Stack) tallyPointer(ctx context.Context, t *Tally, current ledger.Version) {
	var pointer struct{ Path string }
	file, err := s.Store.Open(ctx, current.Key.Path()+"/current.json")
	if err == nil {
		err = errors.Join(json.NewDecoder(file).Decode(&pointer), file.Close())
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		t.problem(&t.Altered, "current.json of %s: %v", current.Key, err)
	}
	if pointer.Path != current.Path {
		t.Stale++
	}
}

// orphans counts the files of a key that belong to none of its versions; a manifest of any attempt belongs.
func (s *Stack) orphans(ctx context.Context, t *Tally, key report.Key, versions []ledger.Version) int {
	entries, err := s.Store.List(ctx, key.Path()+"/")
	if err != nil {
		t.problem(&t.Lost, "list %s: %v", key, err)
	}
	known := map[string]bool{key.Path() + "/current.json": true}
	folders := map[string]bool{}
	for _, version := range versions {
		folders[version.Path] = true
		if manifest, err := pipeline.ParseManifest(version.Manifest); err == nil {
			for _, artifact := range manifest.Content.Artifacts {
				known[path.Join(version.Path, artifact.Name)] = true
			}
		}
	}
	count := 0
	for _, entry := range entries {
		manifest := folders[path.Dir(entry.Path)] && strings.HasPrefix(path.Base(entry.Path), "manifest-")
		if !known[entry.Path] && !manifest {
			count++
		}
	}
	return count
}

// tallyDead compares the dead letters with those that must be there. One that lies there twice is harmless.
func (s *Stack) tallyDead(ctx context.Context, t *Tally) {
	want := map[string]bool{}
	for _, sent := range s.Sent() {
		if sent.Want == report.Failed {
			want[sent.MessageID] = true
		}
	}
	got := map[string]bool{}
	for _, letter := range s.DeadLetters(ctx) {
		got[letter.MessageID] = true
		if !want[letter.MessageID] {
			t.problem(&t.Lost, "message %s is among the dead letters: %s", letter.MessageID, letter.Reason)
		}
	}
	for id := range want {
		if !got[id] {
			t.problem(&t.Lost, "message %s is not among the dead letters", id)
		}
	}
}
