package desk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/report"
)

// rejectedSuffix ends the name of the file of an extract's rejected rows.
const rejectedSuffix = "_rejected"

// value is a value as an expected file writes it; nil is NULL.
type value = *string

// sheet is what a file holds, or should: the names of its columns, and its rows.
type sheet struct {
	columns []string
	rows    [][]value
	numbers []bool // columns that are compared as numbers
}

// datasets computes every dataset and compares those that are expected.
func (t *test) datasets(ctx context.Context, w *engine.Workspace) ([]report.Dataset, error) {
	var list []report.Dataset
	// As in a run: who reads another month's dataset comes after those that are read.
	order := slices.Clone(t.def.Datasets)
	slices.SortStableFunc(order, func(a, b report.DatasetQuery) int { return min(1, len(a.Lookbacks())) - min(1, len(b.Lookbacks())) })
	for _, q := range order {
		d, err := w.Dataset(ctx, q)
		if err != nil {
			return nil, err
		}
		list = append(list, d)
		got := sheet{}
		for _, c := range d.Columns {
			got.columns = append(got.columns, c.Name)
			got.numbers = append(got.numbers, c.Kind == report.Integer || c.Kind == report.Decimal)
		}
		for _, row := range d.Rows {
			line := make([]value, len(row))
			for i, v := range row {
				line[i] = textOf(v, d.Columns[i])
			}
			got.rows = append(got.rows, line)
		}
		if err := t.compare(q.Name, got, false); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// rejected compares the rows that went to quarantine. Where no file says which, none may.
func (t *test) rejected(ctx context.Context, w *engine.Workspace, v report.Validation) error {
	for i, e := range t.def.Extract {
		rows, err := w.Rejected(ctx, e)
		if err != nil {
			return err
		}
		got := sheet{columns: append(append([]string{}, e.Key...), "rules"), numbers: make([]bool, len(e.Key)+1), rows: rows}
		if err := t.compare(e.Name+rejectedSuffix, got, v.Tables[i].Quarantined > 0); err != nil {
			return err
		}
	}
	return nil
}

// compare holds what came out against its expected file. Without a file there is a difference only where one is needed.
func (t *test) compare(name string, got sheet, needed bool) error {
	file := path.Join(ExpectFolder, name+".csv")
	if len(got.rows) > 0 || !strings.HasSuffix(name, rejectedSuffix) {
		t.result.Files[file] = got.csv()
	}
	data, err := t.read(file)
	if errors.Is(err, fs.ErrNotExist) {
		if needed {
			t.differ(Difference{File: file, Want: "no rejected rows, since the file is missing", Got: fmt.Sprintf("%d", len(got.rows))})
		}
		return nil
	}
	if err != nil {
		return wrong(report.Problem{File: t.path(file), Message: err.Error()})
	}
	records, err := source.Records(t.path(file), data)
	if err != nil {
		return err
	}
	t.result.Compared++
	t.result.Files[file] = got.csv()
	want := sheet{numbers: got.numbers}
	for _, head := range records[0] {
		want.columns = append(want.columns, head.Text)
	}
	for _, record := range records[1:] {
		line := make([]value, len(record))
		for i, field := range record {
			if !field.Null() {
				line[i] = &field.Text
			}
		}
		want.rows = append(want.rows, line)
	}
	for _, d := range differences(want, got) {
		d.File = file
		t.differ(d)
	}
	return nil
}

// unknownFiles refuses files that nothing reads: a misspelt name would be a test that never fails.
func (t *test) unknownFiles() error {
	known := map[string]bool{CaseFile: true, ExpectFolder: true, report.Previous: true, report.YearAgo: true}
	var names []string
	for _, e := range t.def.Extract {
		known[e.Name+".csv"] = true
		known[path.Join(ExpectFolder, e.Name+rejectedSuffix+".csv")] = true
		names = append(names, e.Name+".csv", path.Join(ExpectFolder, e.Name+rejectedSuffix+".csv"))
	}
	for _, d := range t.def.Datasets {
		known[path.Join(ExpectFolder, d.Name+".csv")] = true
		names = append(names, path.Join(ExpectFolder, d.Name+".csv"))
	}
	var problems []report.Problem
	for _, dir := range []string{"", ExpectFolder} {
		entries, err := fs.ReadDir(t.files, path.Join(TestFolder, t.name, dir))
		if err != nil {
			continue // there is no such folder
		}
		for _, e := range entries {
			name := path.Join(dir, e.Name())
			if !known[name] && !strings.HasPrefix(e.Name(), ".") {
				problems = append(problems, report.Problem{File: t.path(name), Message: "nothing reads this file" + report.DidYouMean(name, names)})
			}
		}
	}
	if t.result.Compared == 0 && len(t.spec.Fails) == 0 && len(t.spec.Broken) == 0 {
		problems = append(problems, report.Problem{File: t.path(ExpectFolder), Message: "nothing is expected of this case; --update writes what it gives now"})
	}
	return wrong(problems...)
}

// textOf is a value of a dataset in one form, whatever the locale.
func textOf(v any, c report.Column) value {
	var text string
	switch v := v.(type) {
	case nil:
		return nil
	case decimal.Decimal:
		text = v.StringFixed(int32(c.Scale))
	case time.Time:
		text = v.Format(time.DateOnly)
		if c.Kind == report.Timestamp {
			text = v.Format("2006-01-02 15:04:05.999999-07:00")
		}
	default:
		text = fmt.Sprint(v)
	}
	return &text
}

// csv writes the sheet as an expected file: quotes only where they are needed, NULL empty, and an empty text in quotes.
func (s sheet) csv() []byte {
	var b strings.Builder
	line := func(fields []value) {
		for i, f := range fields {
			if i > 0 {
				b.WriteByte(',')
			}
			switch {
			case f == nil:
			case *f == "" || strings.ContainsAny(*f, ",\"\r\n"):
				b.WriteString(`"` + strings.ReplaceAll(*f, `"`, `""`) + `"`)
			default:
				b.WriteString(*f)
			}
		}
		b.WriteByte('\n')
	}
	head := make([]value, len(s.columns))
	for i := range s.columns {
		head[i] = &s.columns[i]
	}
	line(head)
	for _, row := range s.rows {
		line(row)
	}
	return []byte(b.String())
}
