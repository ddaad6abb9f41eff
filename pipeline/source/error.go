package source

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Error is what went wrong with the source, without a password and without the values of any row: the driver's own error,
// which may quote them, is not in its chain.
type Error struct {
	Code      string // SQLSTATE, "" when the server did not say
	transient bool
	text      string
}

func (e *Error) Error() string { return e.text }

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
	return errors.As(err, &e) && e.transient || errors.Is(err, context.DeadlineExceeded)
}

// IsPermanent reports whether trying again cannot help: the query is wrong, something in it does not exist or is not
// allowed, or a value has no exact place.
func IsPermanent(err error) bool {
	var e *Error
	return errors.As(err, &e) && !e.transient
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
// on: then it, and not what the driver made of it, is the reason. at, if not nil, adds the place in the query.
func explain(ended, err error, at func(position int32) string) error {
	if ended != nil {
		return ended
	}
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return explainServer(server, at)
	}
	var certificate *tls.CertificateVerificationError
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		details := strings.ReplaceAll(connect.Unwrap().Error(), "\n", "; ")
		return &Error{transient: !errors.As(err, &certificate), text: "connect: " + details}
	}
	return &Error{transient: true, text: "connection: " + err.Error()}
}

func explainServer(server *pgconn.PgError, at func(int32) string) error {
	e := &Error{Code: server.Code}
	for _, code := range transientCodes {
		e.transient = e.transient || strings.HasPrefix(server.Code, code)
	}
	message := server.Message
	// Class 22 is about values, and its messages quote them: invalid input syntax for type integer: "Müller".
	if strings.HasPrefix(server.Code, "22") || strings.HasPrefix(server.Code, "P0") {
		message = "the server refused a value (its words are withheld: they may quote a row)"
	}
	e.text = fmt.Sprintf("%s (SQLSTATE %s)", message, server.Code)
	if at != nil && server.Position > 0 {
		e.text = at(server.Position) + e.text
	}
	return e
}

// mistake is a permanent error of our own finding.
func mistake(format string, args ...any) error { return &Error{text: fmt.Sprintf(format, args...)} }

// mistakeAt puts the file and the line of a byte offset before it.
func mistakeAt(path, sql string, offset int, format string, args ...any) error {
	return mistake("%s%s", place(path, strings.Count(sql[:offset], "\n")+1), fmt.Sprintf(format, args...))
}

func place(path string, line int) string {
	if path == "" {
		return fmt.Sprintf("line %d: ", line)
	}
	return fmt.Sprintf("%s:%d: ", path, line)
}

// wrap says what was being done.
func wrap(doing string, err error) error { return fmt.Errorf("%s: %w", doing, err) }
