//go:build cgo

package engine

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/duckdb/duckdb-go/v2"
)

// Error is what DuckDB said, without the values of any row.
type Error struct {
	kind duckdb.ErrorType
	text string
}

func (e *Error) Error() string { return e.text }

// IsResource reports whether the run met the limits of memory or spool rather than a mistake in its SQL or its data.
func IsResource(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.kind == duckdb.ErrorTypeOutOfMemory || e.kind == duckdb.ErrorTypeIO)
}

// mistake is an error that the definition's SQL or the shape of its rows makes on every attempt.
type mistake struct{ err error }

func (e *mistake) Error() string { return e.err.Error() }

func (e *mistake) Unwrap() error { return e.err }

// TraceClass marks bad input: an error in the trace, not a fault of ours.
func (e *mistake) TraceClass() string { return "error" }

// IsPermanent reports whether trying again cannot help: the definition's SQL is wrong, or the rows are not what it says.
func IsPermanent(err error) bool {
	var m *mistake
	return errors.As(err, &m)
}

// passing are the error types that another attempt, on another machine or at another time, may not meet.
var passing = map[duckdb.ErrorType]bool{
	duckdb.ErrorTypeOutOfMemory: true, duckdb.ErrorTypeIO: true, duckdb.ErrorTypeInterrupt: true, duckdb.ErrorTypeInternal: true,
	duckdb.ErrorTypeFatal: true, duckdb.ErrorTypeConnection: true, duckdb.ErrorTypeTransaction: true, duckdb.ErrorTypeScheduler: true,
}

// blame marks err as a mistake of the definition unless ctx, the machine or the engine itself is the cause.
func blame(ctx context.Context, err error) error {
	var e *Error
	var path *fs.PathError
	switch {
	case ctx.Err() != nil, errors.As(err, &path), errors.Is(err, sql.ErrConnDone), errors.Is(err, driver.ErrBadConn):
		return err
	case errors.As(err, &e) && passing[e.kind]:
		return err
	}
	return &mistake{err: err}
}

// speaking are the error types whose words come from the SQL text or the machine. All others may quote a value
// ("Could not convert string 'Müller' to INT32"), so only their type is told.
var speaking = map[duckdb.ErrorType]bool{
	duckdb.ErrorTypeParser: true, duckdb.ErrorTypeSyntax: true, duckdb.ErrorTypeBinder: true, duckdb.ErrorTypeCatalog: true,
	duckdb.ErrorTypePermission: true, duckdb.ErrorTypeOutOfMemory: true, duckdb.ErrorTypeIO: true,
	duckdb.ErrorTypeNotImplemented: true, duckdb.ErrorTypeMissingExtension: true, duckdb.ErrorTypeAutoLoad: true,
	duckdb.ErrorTypeSettings: true, duckdb.ErrorTypeDependency: true,
}

// redact turns an error of the driver into one of ours. A cancelled context is told as such: what DuckDB says then is
// only "interrupted".
func redact(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	var e *duckdb.Error
	if !errors.As(err, &e) {
		return err
	}
	line, rest, _ := strings.Cut(e.Msg, "\n")
	if hint, _, _ := strings.Cut(rest, "\n"); strings.HasPrefix(hint, "Did you mean") && !strings.Contains(hint, ruleSchema+".") {
		line += " " + hint
	}
	if !speaking[e.Type] {
		head, _, found := strings.Cut(line, ":")
		if !found {
			head = "engine error"
		}
		line = fmt.Sprintf("%s (its words are withheld: they may quote a row)", strings.ToLower(head))
	}
	return &Error{kind: e.Type, text: line}
}

// redactRows is redact for the error at the end of an iteration, which is nil as a rule.
func redactRows(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	return redact(ctx, err)
}
