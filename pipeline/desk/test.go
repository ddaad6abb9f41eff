package desk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/format"
)

// gateName stands for the gate among what may fail.
const gateName = "gate"

// Result is what became of a test case. It is well when Problems and Differences are empty.
type Result struct {
	Case        string
	Problems    []report.Problem  // the case or the definition cannot be read, or does not run
	Differences []Difference      // what is not as expected
	Files       map[string][]byte // the expected files as the run would have them, by name below the case
	Compared    int               // files that were compared
	Rejected    int64             // rows
}

// Test runs a definition over the rows of one of its cases, in the engine and with the same stages as a run, and compares what comes
// out. files is the folder of the definition. No database is needed; limits.Spool exists.
//
// The error is never about the definition or the case.
func Test(ctx context.Context, r *report.Reading, files fs.FS, name string, limits engine.Config) (Result, error) {
	t := &test{reading: r, def: r.Definition, files: files, name: name, result: Result{Case: name, Files: map[string][]byte{}}}
	err := t.run(ctx, limits)
	var mistakes *report.DefinitionError
	if errors.As(err, &mistakes) {
		t.result.Problems, err = mistakes.Problems, nil
	}
	if err != nil {
		return t.result, fmt.Errorf("test %q of %q: %w", name, r.Dir(), err)
	}
	return t.result, nil
}

// test is one Test.
type test struct {
	reading *report.Reading
	def     report.Definition
	files   fs.FS
	name    string
	spec    testCase
	result  Result
}

func (t *test) run(ctx context.Context, limits engine.Config) (err error) {
	if err := t.reading.Err(); err != nil {
		return err
	}
	if err := t.readCase(); err != nil {
		return err
	}
	rows, err := t.fixtures()
	if err != nil {
		return err
	}
	limits.TimeZone = t.def.Location.String()
	w, err := engine.Open(ctx, limits)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	for i, e := range t.def.Extract {
		if _, err := w.Load(ctx, e.Name, rows[i]); err != nil {
			return t.blame(err)
		}
	}
	before := map[string]int64{} // no rows limit nothing
	for _, e := range t.def.Extract {
		before[e.Name] = t.spec.Previous[e.Name]
	}
	w.SetMonth(engine.Month{Period: t.spec.period, Previous: before})
	v, err := w.Validate(ctx, t.def)
	if err != nil {
		return t.blame(err)
	}
	t.verdict(v)
	if err := t.rejected(ctx, w, v); err != nil {
		return err
	}
	months, err := t.months(ctx, w)
	if err != nil {
		return err
	}
	datasets, err := t.datasets(ctx, w)
	if err != nil {
		return t.blame(err)
	}
	if !v.Failed {
		t.draw(datasets, v, months)
	}
	return t.unknownFiles()
}

// blame turns what the definition did wrong into a problem, and leaves anything else an error.
func (t *test) blame(err error) error {
	if !engine.IsPermanent(err) {
		return err
	}
	return wrong(report.Problem{File: t.reading.Dir(), Message: err.Error()})
}

// read reads a file of the case.
func (t *test) read(name string) ([]byte, error) {
	f, err := t.files.Open(path.Join(TestFolder, t.name, name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, source.MaxCSV+1)) // a larger one is refused where it is read
}

// header is a first line of the file of an extract: what it declares where its rows come from outside.
func header(e report.Extract) string {
	if e.Outside == nil {
		return "id:bigint,amount:numeric(18,2)"
	}
	names := make([]string, len(e.Outside.Columns))
	for i, c := range e.Outside.Columns {
		names[i] = c.Name + ":" + c.Type
	}
	return strings.Join(names, ",")
}

// fixtures reads the rows of every extract; all mistakes of all files are told.
func (t *test) fixtures() ([]*source.CSV, error) {
	rows := make([]*source.CSV, len(t.def.Extract))
	var problems []report.Problem
	for i, e := range t.def.Extract {
		file := e.Name + ".csv"
		data, err := t.read(file)
		if err != nil {
			message := err.Error()
			if errors.Is(err, fs.ErrNotExist) {
				message = fmt.Sprintf("no such file; it holds the rows of extract %q, and its first line their columns, such as %s", e.Name, header(e))
			}
			problems = append(problems, report.Problem{File: t.path(file), Message: message})
			continue
		}
		c, err := source.NewCSV(t.path(file), data)
		var mistakes *report.DefinitionError
		if errors.As(err, &mistakes) {
			problems = append(problems, mistakes.Problems...)
			continue
		}
		if err != nil {
			return nil, err
		}
		if e.Outside != nil {
			if err := asDeclared(e, c); err != nil {
				problems = append(problems, report.Problem{File: t.path(file), Line: 1, Col: 1, Message: err.Error()})
				continue
			}
		}
		rows[i] = c
	}
	return rows, wrong(problems...)
}

// asDeclared holds the columns of a file against those that report.yaml declares: no others will come from outside.
func asDeclared(e report.Extract, rows *source.CSV) error {
	declared, err := source.Declared(e)
	if err != nil {
		return err
	}
	if !slices.Equal(declared, rows.Columns()) {
		words := make([]string, len(e.Outside.Columns))
		for i, c := range e.Outside.Columns {
			words[i] = c.Name + ":" + c.Type
		}
		return fmt.Errorf("want the columns that report.yaml declares: %s", strings.Join(words, ","))
	}
	return nil
}

// verdict compares which rules and whether the gate failed, and the counts that the case names.
func (t *test) verdict(v report.Validation) {
	var failed []string
	for _, r := range v.Rules {
		if r.Severity == report.Fail && r.Broken > 0 {
			failed = append(failed, r.Rule)
		}
		if want, named := t.spec.Broken[r.Rule]; named && want != r.Broken {
			t.differ(Difference{File: CaseFile, Column: "broken: " + r.Rule, Want: fmt.Sprint(want), Got: fmt.Sprint(r.Broken)})
		}
	}
	if v.Gate.Shut {
		failed = append(failed, gateName)
	}
	want := slices.Sorted(slices.Values(t.spec.Fails))
	slices.Sort(failed)
	if !slices.Equal(want, failed) {
		words := func(names []string) string {
			if len(names) == 0 {
				return "nothing"
			}
			return strings.Join(names, ", ")
		}
		t.differ(Difference{File: CaseFile, Column: "fails", Want: words(want), Got: words(failed)})
	}
	for _, table := range v.Tables {
		t.result.Rejected += table.Quarantined
	}
}

// draw lays the document out and draws it into nothing: a run would fail where this does.
func (t *test) draw(datasets []report.Dataset, v report.Validation, months []report.Comparative) {
	doc, err := report.Build(t.def, report.Meta{Period: t.spec.period, Tenant: t.spec.Tenant, Draft: true, Comparatives: months}, datasets, v)
	if err != nil {
		t.result.Problems = append(t.result.Problems, t.reading.ProblemAt(err.Error(), "generate", "document"))
		return
	}
	for _, name := range t.def.Formats {
		if name == engine.CSV || name == engine.Parquet {
			continue
		}
		if err := format.Draw(name, io.Discard, doc); err != nil {
			t.result.Problems = append(t.result.Problems, t.reading.ProblemAt(fmt.Sprintf("format %q: %v", name, err), "generate", "formats"))
		}
	}
}
