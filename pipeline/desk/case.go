package desk

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/monthend/monthend/report"
)

// The folder of a definition's test cases, and what lies in each of them beside one CSV file an extract.
const (
	TestFolder   = "test"
	ExpectFolder = "expect"    // one CSV file a dataset, and <extract>_rejected.csv
	CaseFile     = "case.yaml" // may be missing
)

// defaultPeriod is the month of a case that names none.
var defaultPeriod = report.Period{Year: 2026, Month: 3}

// testCase is what case.yaml says. Without it the rows are March 2026 and nothing may fail.
type testCase struct {
	Period   string           `yaml:"period"`   // YYYY-MM
	Tenant   string           `yaml:"tenant"`   // "" without one
	Fails    []string         `yaml:"fails"`    // the rules of severity fail that must be broken, and "gate" where it must be shut
	Broken   map[string]int64 `yaml:"broken"`   // how many rows must break a rule, for any rules; an assert breaks 1 or 0
	Previous map[string]int64 `yaml:"previous"` // rows of the month before by extract, for rules on row_count; 0 where none is named

	period report.Period
}

// Cases are the names of the test cases of a definition whose folder is files, in order; none where it has no tests.
func Cases(files fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(files, TestFolder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list test cases: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// readCase reads case.yaml, which may be missing.
func (t *test) readCase() error {
	t.spec.period = defaultPeriod
	data, err := t.read(CaseFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	file := t.path(CaseFile)
	if err := yaml.UnmarshalWithOptions(data, &t.spec, yaml.Strict()); err != nil {
		var placed yaml.Error
		problem := report.Problem{File: file, Message: "it cannot be read; want period, tenant, fails, broken and previous"}
		if errors.As(err, &placed) {
			problem.Message = placed.GetMessage()
			if at := placed.GetToken(); at != nil && at.Position != nil {
				problem.Line, problem.Col = at.Position.Line, at.Position.Column
				problem.Source = report.LineOf(data, problem.Line)
			}
		}
		return wrong(problem)
	}
	if t.spec.Period != "" {
		if t.spec.period, err = report.ParsePeriod(t.spec.Period); err != nil {
			return wrong(report.Problem{File: file, Message: fmt.Sprintf("period: %v", err)})
		}
	}
	if t.spec.Tenant != "" && !report.ValidTenant(t.spec.Tenant) {
		return wrong(report.Problem{File: file, Message: fmt.Sprintf("%q is not the name of a tenant", t.spec.Tenant)})
	}
	return t.checkCase(file)
}

// checkCase holds the names in case.yaml against the definition.
func (t *test) checkCase(file string) error {
	var rules, failing, extracts []string
	for _, r := range t.def.Rules {
		rules = append(rules, r.Name)
		if r.Severity == report.Fail {
			failing = append(failing, r.Name)
		}
	}
	failing = append(failing, gateName)
	for _, e := range t.def.Extract {
		extracts = append(extracts, e.Name)
	}
	var problems []report.Problem
	known := func(what, name string, list []string) {
		if !slices.Contains(list, name) {
			problems = append(problems, report.Problem{File: file, Message: fmt.Sprintf("%s: %q is not one of %s%s", what, name,
				strings.Join(list, ", "), report.DidYouMean(name, list))})
		}
	}
	for _, name := range t.spec.Fails {
		known("fails", name, failing)
	}
	for name := range t.spec.Broken {
		known("broken", name, rules)
	}
	for name := range t.spec.Previous {
		known("previous", name, extracts)
	}
	return wrong(problems...)
}

// wrong is nil or an error of all problems.
func wrong(problems ...report.Problem) error {
	if len(problems) == 0 {
		return nil
	}
	return &report.DefinitionError{Problems: report.SortProblems(problems)}
}

// path is a file of the case, as problems name it.
func (t *test) path(name string) string {
	return path.Join(t.reading.Dir(), TestFolder, t.name, name)
}
