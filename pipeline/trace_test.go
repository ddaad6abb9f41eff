package pipeline_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// segments waits for n segments of a trace, each with its end.
func (w *world) segments(id string, n int) []trace.Document {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	all, err := w.xray.Wait(ctx, id, func(all []trace.Document) bool {
		ended := 0
		for _, d := range all {
			if d.Type == "" && d.EndTime > 0 {
				ended++
			}
		}
		return ended >= n
	})
	if err != nil {
		w.t.Fatalf("got %d documents, %v, want %d segments", len(all), err, n)
	}
	return all
}

// header is the trace header of an asker.
func header() (id, text string) {
	id = fmt.Sprintf("1-%08x-0123456789abcdef01234567", time.Now().Unix())
	return id, "Root=" + id + ";Parent=0123456789abcdef;Sampled=1"
}

// Every delivery that tells something does so in the asker's trace, below the asker: the first, the redelivery that is
// answered from the ledger, and the duplicate, which says that it is one (fault 7).
func TestTraceOfEachDelivery(t *testing.T) {
	w := newWorld(t, worldConfig{definitions: definition(short, short)})
	id, parent := header()
	asking := w.asking(report.Job{Report: "small", Period: "2026-03"})
	asking.Trace = parent
	for range 2 {
		if result := w.runner.Run(t.Context(), asking); result.Outcome != report.Published || result.TraceID != id {
			t.Fatalf("got %q in trace %q, %v; want published in %q", result.Outcome, result.TraceID, result.Err, id)
		}
		asking.Delivered++
	}
	asking.RequestID = "req_duplicate"
	if result := w.runner.Run(t.Context(), asking); result.Outcome != report.Duplicate {
		t.Fatalf("got %q, %v, want duplicate", result.Outcome, result.Err)
	}
	for i, segment := range w.segments(id, 3) {
		want := report.Published
		if i == 2 {
			want = report.Duplicate
		}
		if segment.ParentID != "0123456789abcdef" || segment.Annotations["outcome"] != string(want) || segment.Annotations["run_id"] == nil {
			t.Errorf("segment %d: got parent %q and annotations %v, want the asker's and %q", i, segment.ParentID, segment.Annotations, want)
		}
		if _, extracted := names(segment)[string(pipeline.StageExtract)]; extracted != (i == 0) {
			t.Errorf("segment %d: got %v, want an extraction in the first alone", i, names(segment))
		}
	}
}

// names are the subsegments at every depth, by name, with their namespaces.
func names(d trace.Document) map[string]string {
	found := map[string]string{}
	for _, child := range d.Subsegments {
		found[child.Name] = child.Namespace
		for name, namespace := range names(child) {
			found[name] = namespace
		}
	}
	return found
}

// From the fifth attempt on a trace tells phases and errors only.
func TestTraceOfManyAttempts(t *testing.T) {
	for _, c := range []struct {
		crashes int
		calls   bool
	}{{3, true}, {4, false}} {
		t.Run(fmt.Sprintf("Attempt%d", c.crashes+1), func(t *testing.T) {
			w := newWorld(t, worldConfig{definitions: definition(short, short)})
			asking := w.asking(report.Job{Report: "small", Period: "2026-03"})
			for range c.crashes {
				w.crash(asking, false)
			}
			result := w.runner.Run(t.Context(), asking)
			if result.Outcome != report.Published {
				t.Fatalf("got %q, %v, want published", result.Outcome, result.Err)
			}
			segment := w.segments(result.TraceID, 1)[0]
			told := names(segment)
			for _, stage := range []pipeline.Stage{
				pipeline.StageClaim, pipeline.StageExtract, pipeline.StageValidate, pipeline.StageGenerate, pipeline.StagePublish,
			} {
				if _, ok := told[string(stage)]; !ok {
					t.Errorf("got %v, want the stage %s", told, stage)
				}
			}
			calls := false
			for _, namespace := range told {
				calls = calls || namespace != ""
			}
			if calls != c.calls || segment.Annotations["attempt"] != float64(c.crashes+1) {
				t.Errorf("got %v in attempt %v, want calls: %v", told, segment.Annotations["attempt"], c.calls)
			}
		})
	}
}

// A verdict against the data is described once, where it was found; the segment says what it led to and points there.
func TestTraceOfAVerdict(t *testing.T) {
	const wrong = `SELECT 1::DECIMAL(18, 2) AS expected, 2::DECIMAL(18, 2) AS actual ORDER BY ALL`
	w := newWorld(t, worldConfig{definitions: definition(wrong, short)})
	result := w.run(report.Job{Report: "small", Period: "2026-03"})
	if result.Outcome != report.DataFailed {
		t.Fatalf("got %q, %v, want data_failed", result.Outcome, result.Err)
	}
	segment := w.segments(result.TraceID, 1)[0]
	var found *trace.Cause
	for _, stage := range segment.Subsegments {
		if stage.Name == string(pipeline.StageValidate) {
			found = stage.Cause
		}
	}
	if !segment.Error || segment.Fault || segment.Cause == nil || found == nil || len(segment.Cause.Exceptions) != 1 || len(found.Exceptions) != 1 {
		t.Fatalf("segment: %+v, stage: %+v; want one exception each, as an error", segment.Cause, found)
	}
	if e := segment.Cause.Exceptions[0]; e.Cause != found.Exceptions[0].ID || len(e.Stack) != 0 || len(found.Exceptions[0].Stack) == 0 {
		t.Errorf("segment: %+v, stage: %+v; want the stage's linked", e, found.Exceptions[0])
	}
}

// What a definition asks of its datasets in vain is its mistake: told as an error, and never tried again.
func TestTraceOfAMistake(t *testing.T) {
	files := definition(short, short).(fstest.MapFS)
	yaml := files["small/report.yaml"]
	yaml.Data = []byte(strings.Replace(string(yaml.Data), "table: {title: All, dataset: all}", "kpis: [{label: All, dataset: all, column: day, format: money}]", 1))
	files["small/all.sql"].Data = []byte(`SELECT DATE '2026-03-01' AS day ORDER BY ALL`)
	w := newWorld(t, worldConfig{definitions: files})
	result := w.run(report.Job{Report: "small", Period: "2026-03"})
	if result.Outcome != report.Failed || !strings.Contains(fmt.Sprint(result.Err), "all.day: format money needs figures") {
		t.Fatalf("got %q, %v, want failed", result.Outcome, result.Err)
	}
	if segment := w.segments(result.TraceID, 1)[0]; !segment.Error || segment.Fault || segment.Annotations["outcome"] != "failed" {
		t.Errorf("error %v, fault %v, annotations %v", segment.Error, segment.Fault, segment.Annotations)
	}
}
