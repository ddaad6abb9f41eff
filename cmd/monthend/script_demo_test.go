package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptCheckDemo checks what three demos printed: the first and the second in one folder, the third in another.
func scriptCheckDemo(ts *testscript.TestScript, _ bool, args []string) {
	var first, again, other outcome
	for i, into := range []*outcome{&first, &again, &other} {
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[i])), into))
	}
	if first.Status != "published" || again.Status != "duplicate" || other.Status != "published" {
		ts.Fatalf("got %s, %s, %s; want published, duplicate, published", first.Status, again.Status, other.Status)
	}
	if again.RunID != first.RunID || again.TraceID == first.TraceID || again.Extracted != first.Extracted || again.Rejected != first.Rejected {
		ts.Fatalf("the second demo must tell the current version's run and counts, and its own trace: %+v", again)
	}
	checkDemoFiles(ts, first, again, other)
	checkDemoTrace(ts, first)
}

// checkDemoFiles checks that every file is on disk as printed, named once, and equal in both folders.
func checkDemoFiles(ts *testscript.TestScript, first, again, other outcome) {
	formats, sums := map[string]bool{}, map[string]string{}
	for _, f := range first.Files {
		data, err := os.ReadFile(f.Path)
		ts.Check(err)
		sum := sha256.Sum256(data)
		if hex.EncodeToString(sum[:]) != f.SHA256 || int64(len(data)) != f.Bytes {
			ts.Fatalf("%s is not on disk as printed", f.Path)
		}
		if sums[f.Name] != "" {
			ts.Fatalf("two files are named %s", f.Name)
		}
		formats[f.Format], sums[f.Name] = true, f.SHA256
	}
	for _, want := range []string{"html", "csv", "parquet", "json"} {
		if !formats[want] {
			ts.Fatalf("no file of format %s", want)
		}
	}
	for _, demo := range []outcome{again, other} {
		if len(demo.Files) != len(sums) {
			ts.Fatalf("%d files, then %d", len(sums), len(demo.Files))
		}
		for _, f := range demo.Files {
			if sums[f.Name] != f.SHA256 {
				ts.Fatalf("%s differs: %s and %s", f.Name, sums[f.Name], f.SHA256)
			}
		}
	}
}

// checkDemoTrace checks that producer and worker share one trace, with the stages below the worker's segment.
func checkDemoTrace(ts *testscript.TestScript, demo outcome) {
	byID, byName := map[string]int{}, map[string]int{}
	for i, span := range demo.Spans {
		byID[span.ID], byName[span.Name] = i, i
	}
	under := func(child, parent string) {
		i, ok := byName[child]
		if !ok {
			ts.Fatalf("the trace has no %s", child)
		}
		for id := demo.Spans[i].ParentID; id != ""; {
			p, ok := byID[id]
			if !ok {
				break
			}
			if demo.Spans[p].Name == parent {
				return
			}
			id = demo.Spans[p].ParentID
		}
		ts.Fatalf("%s does not lie under %s", child, parent)
	}
	under("SQS", "monthend-trigger")
	under("monthend", "SQS")
	for _, stage := range []string{"claim", "data_extraction", "data_validation", "report_generation", "publish"} {
		under(stage, "monthend")
	}
	under("monthend@localhost", "data_extraction")
	sql := demo.Spans[byName["monthend@localhost"]]
	if !strings.Contains(sql.Query, "$1") || strings.Contains(sql.Query, "2026") {
		ts.Fatalf("the query must stand with placeholders, not values: %q", sql.Query)
	}
}
