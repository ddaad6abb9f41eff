package pipeline_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/report"
)

const marchFolder = "monthly-financials/_/2026-03"

// failover lets the ledger lose everything, as a replica does that takes over without the last commits.
func (w *world) failover() {
	w.t.Helper()
	w.exec(`TRUNCATE monthend.current, monthend.versions, monthend.attempts, monthend.requests, monthend.runs CASCADE`)
	w.exec(`ALTER SEQUENCE monthend.token RESTART`)
}

func (w *world) restate(reason string) pipeline.Result {
	w.t.Helper()
	job := march
	job.Restate, job.Reason = true, reason
	return w.run(job)
}

// lateRow changes the month's data.
func (w *world) lateRow() {
	w.t.Helper()
	w.exec(`UPDATE finance.transactions SET amount = amount + 0.01
		WHERE row_id = (SELECT min(row_id) FROM finance.transactions WHERE booked_at >= '2026-03-05' AND booked_at < '2026-03-06' AND amount > 1)`)
}

func everyFile(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, dir)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Fault 16: a version whose commit was lost is adopted as it lies there, under its own number.
func TestAdoptVersion(t *testing.T) {
	var told log
	w := newWorld(t, worldConfig{alter: func(c *pipeline.Config) { c.Progress = told.tell }})
	first := w.publish(march)
	before := everyFile(t, filepath.Join(w.dir, marchFolder))
	w.failover()
	told.steps = nil

	again := w.run(march)
	if again.Outcome != report.Published || again.Version.Number != 1 || again.Version.Path != first.Version.Path {
		t.Fatalf("got %q, version %d at %q, %v; want version 1 as it was", again.Outcome, again.Version.Number, again.Version.Path, again.Err)
	}
	if again.RunID == first.RunID {
		t.Error("the ledger still knows the first run: nothing was lost")
	}
	if diff := cmp.Diff(before, everyFile(t, filepath.Join(w.dir, marchFolder))); diff != "" {
		t.Errorf("the store was written to:\n%s", diff)
	}
	for _, step := range told.steps {
		if step.Stage == pipeline.StageGenerate && step.Step != "" {
			t.Errorf("%s was drawn again", step.Step)
		}
	}
	checked, err := pipeline.Verify(t.Context(), pipeline.VerifyConfig{Ledger: w.ledger, Store: w.config.Store})
	if err != nil || len(checked.Findings) != 0 {
		t.Errorf("got findings %+v, %v", checked.Findings, err)
	}
}

// Only the last version whose commit was lost can be adopted: those before it were replaced by it.
func TestAdoptTheLastVersion(t *testing.T) {
	w := newWorld(t, worldConfig{})
	w.publish(march)
	w.lateRow()
	second := w.restate("late invoice")
	w.failover()
	if again := w.run(march); again.Outcome != report.Published || again.Version.Path != second.Version.Path {
		t.Errorf("got %q, %q, %v; want %q", again.Outcome, again.Version.Path, again.Err, second.Version.Path)
	}
}

func TestDoNotAdopt(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(w *world, folder string)
	}{
		{"OtherData", func(w *world, _ string) { w.lateRow() }},
		{"LostFile", func(w *world, folder string) { w.removeOne(folder, "daily.csv") }},
		{"AlteredFile", func(w *world, folder string) { w.overwrite(folder, "daily.csv", "altered") }},
		{"NoManifest", func(w *world, folder string) { w.removeOne(folder, "manifest-*.json") }},
		{"OtherManifest", func(w *world, folder string) { w.overwrite(folder, "manifest-1.json", `{"schema": 1}`) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, worldConfig{})
			first := w.publish(march)
			w.failover()
			c.spoil(w, filepath.Join(w.dir, first.Version.Path))
			again := w.run(march)
			if again.Outcome != report.Published || again.Version.Number != 2 {
				t.Errorf("got %q, version %d, %v; want version 2 drawn anew", again.Outcome, again.Version.Number, again.Err)
			}
		})
	}
}

func (w *world) removeOne(folder, pattern string) {
	w.t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, pattern))
	if err != nil || len(found) != 1 {
		w.t.Fatalf("found %v, %v", found, err)
	}
	if err := os.Remove(found[0]); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) overwrite(folder, name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// Fault 6: the attempt after one that died between its last file and the commit publishes what lies there.
func TestAdoptOwnVersion(t *testing.T) {
	var told log
	w := newWorld(t, worldConfig{definitions: definition(short, short), alter: func(c *pipeline.Config) { c.Progress = told.tell }})
	asking := w.asking(report.Job{Report: "small", Period: "2026-03"})
	w.exec(`CREATE FUNCTION monthend.no_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no' USING ERRCODE = '55000'; END $$`)
	w.exec(`CREATE TRIGGER no_commit BEFORE INSERT ON monthend.versions EXECUTE FUNCTION monthend.no_commit()`)
	if first := w.runner.Run(t.Context(), asking); first.Outcome != "" || first.RetryAfter <= 0 {
		t.Fatalf("got %+v, want it put back", first)
	}
	w.exec(`DROP TRIGGER no_commit ON monthend.versions`)
	folder := filepath.Join(w.dir, "small", "_", "2026-03")
	before := everyFile(t, folder)

	asking.Delivered = 2
	again := w.runner.Run(t.Context(), asking)
	if again.Outcome != report.Published || again.Version.Number != 1 {
		t.Fatalf("got %q, version %d, %v; want version 1", again.Outcome, again.Version.Number, again.Err)
	}
	after := everyFile(t, folder)
	delete(after, "/current.json")
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the store was written to:\n%s", diff)
	}
}

// overtaken stores, before a manifest of ours, one of the same name by somebody who was given the same token.
type overtaken struct {
	store.Store
	alter func(*pipeline.Manifest)
}

func (s overtaken) Put(ctx context.Context, path, file string, sum store.Sum) error {
	if strings.Contains(path, "/manifest-") {
		var manifest pipeline.Manifest
		data, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(data, &manifest)
		}
		if err != nil {
			return err
		}
		s.alter(&manifest)
		if data, err = json.Marshal(manifest); err != nil {
			return err
		}
		if err := s.Replace(ctx, path, data); err != nil {
			return err
		}
	}
	return s.Store.Put(ctx, path, file, sum)
}

// A token that was handed out twice names two manifests alike. One of equal content is as good as ours; another is a
// conflict.
func TestTokenHandedOutTwice(t *testing.T) {
	run := func(t *testing.T, alter func(*pipeline.Manifest)) (*world, pipeline.Result) {
		w := newWorld(t, worldConfig{definitions: definition(short, short), alter: func(c *pipeline.Config) {
			c.Store = overtaken{c.Store, alter}
		}})
		return w, w.run(report.Job{Report: "small", Period: "2026-03"})
	}
	t.Run("EqualContent", func(t *testing.T) {
		w, result := run(t, func(m *pipeline.Manifest) { m.Provenance.RunID = "run_other" })
		if result.Outcome != report.Published {
			t.Fatalf("got %q, %v, want published", result.Outcome, result.Err)
		}
		if !bytes.Contains(result.Version.Manifest, []byte("run_other")) {
			t.Errorf("the ledger has the manifest %s, want the one in the store", result.Version.Manifest)
		}
		checked, err := pipeline.Verify(t.Context(), pipeline.VerifyConfig{Ledger: w.ledger, Store: w.config.Store})
		if err != nil || len(checked.Findings) != 0 {
			t.Errorf("got findings %+v, %v", checked.Findings, err)
		}
	})
	t.Run("OtherContent", func(t *testing.T) {
		_, result := run(t, func(m *pipeline.Manifest) { m.Content.Reason = "another" })
		if result.Outcome != report.Failed || !errors.Is(result.Err, store.ErrConflict) {
			t.Errorf("got %q, %v, want a conflict", result.Outcome, result.Err)
		}
	})
}

// A pointer that is missing or stale is written again by whoever next has to do with the key.
func TestPointerIsMended(t *testing.T) {
	w := newWorld(t, worldConfig{})
	asking := w.asking(march)
	if result := w.runner.Run(t.Context(), asking); result.Outcome != report.Published {
		t.Fatalf("got %q, %v, want published", result.Outcome, result.Err)
	}
	folder := filepath.Join(w.dir, marchFolder)
	want, err := os.ReadFile(filepath.Join(folder, "current.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		spoil func()
		run   func() pipeline.Result
		want  report.Outcome
	}{
		{"Redelivery", func() { w.removeOne(folder, "current.json") }, func() pipeline.Result { return w.runner.Run(t.Context(), asking) }, report.Published},
		{"Duplicate", func() { w.overwrite(folder, "current.json", `{"version": 7}`) }, func() pipeline.Result { return w.run(march) }, report.Duplicate},
		{"Unchanged", func() { w.overwrite(folder, "current.json", "garbage") }, func() pipeline.Result { return w.restate("again") }, report.Unchanged},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.spoil()
			if result := c.run(); result.Outcome != c.want {
				t.Fatalf("got %q, %v, want %q", result.Outcome, result.Err, c.want)
			}
			got, err := os.ReadFile(filepath.Join(folder, "current.json"))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("got %s, %v, want %s", got, err, want)
			}
		})
	}
}
