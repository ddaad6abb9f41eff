package source

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/monthend/monthend/pipeline/source/remote"
	"github.com/monthend/monthend/report"
)

// Error is what went wrong with the source, without a password and without the values of any row: the driver's own error,
// which may quote them, is not in its chain.
type Error struct {
	Code      string // SQLSTATE, "" when the server did not say
	Path      string // of the query's file, "" where no query is meant
	Line, Col int    // in the file, from 1, Col in characters; 0 where the query as a whole is meant
	Message   string // without the place
	transient bool
}

// Error is "path:line:col: message", with as much of the place as is known.
func (e *Error) Error() string {
	switch {
	case e.Path == "" && e.Line == 0:
		return e.Message
	case e.Line == 0:
		return e.Path + ": " + e.Message
	case e.Path == "":
		return fmt.Sprintf("%d:%d: %s", e.Line, e.Col, e.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Path, e.Line, e.Col, e.Message)
}

// at sets the place to a byte offset of a query.
func (e *Error) at(q report.Extract, offset int) *Error {
	before := q.SQL[:offset]
	e.Path = q.Path
	e.Line = strings.Count(before, "\n") + 1
	e.Col = utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	return e
}

// TraceClass is "throttle" where the server has too much to do, "error" for bad input and "fault" for the rest.
func (e *Error) TraceClass() string {
	switch {
	case strings.HasPrefix(e.Code, "53"):
		return "throttle"
	case !e.transient:
		return "error"
	}
	return "fault"
}

// IsTransient reports whether the same query may succeed later: the connection was lost, the server is going down or coming
// up, a lock or a time limit stood in the way, a replica cancelled the query.
func IsTransient(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.transient || remote.IsTransient(err) || errors.Is(err, context.DeadlineExceeded)
}

// IsPermanent reports whether trying again cannot help: the query is wrong, something in it does not exist or is not
// allowed, or a value has no exact place.
func IsPermanent(err error) bool {
	var e *Error
	return errors.As(err, &e) && !e.transient || remote.IsPermanent(err)
}

// transientCodes are the SQLSTATE classes and codes of passing trouble.
var transientCodes = []string{
	"08",    // connection
	"40",    // serialization failure, deadlock, conflict with recovery
	"53",    // disk full, out of memory, too many connections
	"55P03", // lock_timeout
	"57014", // statement_timeout, or cancelled by somebody
	"57P",   // the server shuts down, crashed, starts, or ended an idle session
	"58",    // the server's own system
	"25P03", // idle_in_transaction_session_timeout
	"25P04", // transaction_timeout
	"72000", // snapshot too old
}

// explain turns an error of the driver into one of ours. ended is why the context of the work has ended, nil while it goes
// on: then it, and not what the driver made of it, is the reason. query is the one that was sent, if any, for the place.
func explain(ended, err error, query *bound) error {
	if ended != nil {
		return ended
	}
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return explainServer(server, query)
	}
	var certificate *tls.CertificateVerificationError
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		// A line a way that was tried; with and without TLS they may say the same.
		ways := slices.Compact(strings.Split(connect.Unwrap().Error(), "\n"))
		return &Error{transient: !errors.As(err, &certificate), Message: "connect: " + strings.Join(ways, "; ")}
	}
	return &Error{transient: true, Message: "connection: " + err.Error()}
}

func explainServer(server *pgconn.PgError, query *bound) error {
	e := &Error{Code: server.Code}
	for _, code := range transientCodes {
		e.transient = e.transient || strings.HasPrefix(server.Code, code)
	}
	message := server.Message
	// Class 22 is about values, and its messages quote them: invalid input syntax for type integer: "Müller".
	if strings.HasPrefix(server.Code, "22") || strings.HasPrefix(server.Code, "P0") {
		message = "the server refused a value (its words are withheld: they may quote a row)"
	}
	e.Message = fmt.Sprintf("%s (SQLSTATE %s)", message, server.Code)
	if query != nil && server.Position > 0 {
		e.at(query.query, query.offset(server.Position))
	}
	return e
}

// mistake is a permanent error of our own finding.
func mistake(format string, args ...any) error { return &Error{Message: fmt.Sprintf(format, args...)} }

// mistakeIn is one about a query as a whole.
func mistakeIn(q report.Extract, format string, args ...any) error {
	return &Error{Path: q.Path, Message: fmt.Sprintf(format, args...)}
}

// mistakeAt is one at a byte offset of a query.
func mistakeAt(q report.Extract, offset int, format string, args ...any) error {
	return (&Error{Message: fmt.Sprintf(format, args...)}).at(q, offset)
}

// wrap says what was being done.
func wrap(doing string, err error) error { return fmt.Errorf("%s: %w", doing, err) }
