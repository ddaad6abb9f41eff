package report

import (
	"cmp"
	"fmt"
	"path"
	"slices"
)

// Problem is one mistake in a definition. Line and Col count from 1, Col in characters; both are 0 where the file as a whole is meant.
type Problem struct {
	File    string
	Line    int
	Col     int
	Message string
	Source  string // the line it stands in, where the file could be read
}

// String is "file:line:col: message".
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Col, p.Message)
}

// DefinitionError holds every mistake that was found in one definition, ordered by place.
type DefinitionError struct{ Problems []Problem }

// Error is one line: the first problem and how many more there are.
func (e *DefinitionError) Error() string {
	if len(e.Problems) == 0 {
		return "definition: no problem recorded"
	}
	if more := len(e.Problems) - 1; more > 0 {
		return fmt.Sprintf("%s (and %d more)", e.Problems[0], more)
	}
	return e.Problems[0].String()
}

// SortProblems orders problems by place, those of report.yaml first, and drops repeated ones: one mistake may be met on two ways.
func SortProblems(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(rank(a.File), rank(b.File)), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(problems)
}

// rank puts report.yaml before the files that it names.
func rank(file string) int {
	if path.Base(file) == DefinitionFile {
		return 0
	}
	return 1
}
