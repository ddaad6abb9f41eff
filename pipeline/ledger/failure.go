package ledger

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
)

var (
	// ErrFenced says that the claim is no longer the run's: it was taken over, released or ended. Nothing was written.
	ErrFenced = errors.New("the lease is no longer held")
	// ErrCancelled says that somebody asked for the run's end before it could be published. Nothing was written.
	ErrCancelled = errors.New("the run was asked to end")
	// ErrNotFound says that the ledger has no such request, run or version.
	ErrNotFound = errors.New("the ledger knows none")
	// ErrRequestReused says that the request id already stands for another report, period or tenant: a bad job, but not one
	// to Refuse, since the record under that id is the other's.
	ErrRequestReused = errors.New("the request id stands for another report, period or tenant")
	// ErrRetryUnknown says that the run to attempt again is not a run of this report, period and tenant: a bad job.
	ErrRetryUnknown = errors.New("the run to retry is not one of this report, period and tenant")
)

// URLError says that the url of the database cannot be read. It never quotes the url: it holds a password.
type URLError struct{ Problem string }

func (e *URLError) Error() string {
	return "the database url " + e.Problem + "; want postgres://user:password@host:port/database"
}

// UnreachableError says that no writable database answers.
type UnreachableError struct {
	Address string // host:port/database, or the socket
	Err     error
}

// Error is one line with the cause alone: the driver reports each address that it tried, on a line of its own.
func (e *UnreachableError) Error() string {
	return fmt.Sprintf("database %q cannot be reached: %s", e.Address, rootCause(e.Err))
}

func rootCause(err error) string {
	var refused *pgconn.PgError
	var call *os.SyscallError
	var name *net.DNSError
	switch {
	case errors.As(err, &refused):
		return refused.Message
	case errors.As(err, &call):
		return call.Err.Error()
	case errors.As(err, &name):
		return fmt.Sprintf("host %q: %s", name.Name, name.Err)
	case errors.Is(err, pgconn.ErrReadOnlyConnection):
		return "it is read-only"
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// SchemaError says that the schema and this program do not fit: it is older than the program needs (or absent, Have 0), or
// it demands newer programs.
type SchemaError struct {
	Have      int64 // version of the schema
	Need      int64 // version that this program was written for
	MinWorker int64 // oldest program version that the schema accepts
}

func (e *SchemaError) Error() string {
	switch {
	case e.Have == 0:
		return fmt.Sprintf("the database has no ledger; this program needs schema version %d", e.Need)
	case e.Have < e.Need:
		return fmt.Sprintf("the ledger has schema version %d; this program needs %d", e.Have, e.Need)
	}
	return fmt.Sprintf("the ledger's schema version %d accepts programs from %d on; this one knows %d", e.Have, e.MinWorker, e.Need)
}

// Is makes an older schema ErrSchemaOld and a schema too new ErrSchemaNew.
func (e *SchemaError) Is(target error) bool {
	return target == ErrSchemaOld && e.Have < e.Need || target == ErrSchemaNew && e.MinWorker > e.Need
}

// The two ways in which a schema does not fit; see SchemaError.
var (
	ErrSchemaOld = errors.New("the ledger's schema is older than this program needs")
	ErrSchemaNew = errors.New("the ledger's schema no longer accepts this program")
)

// Bounds on texts that came from outside, in bytes.
const (
	maxName = 200
	maxText = 4000
)

// clip makes s a text that PostgreSQL takes: valid UTF-8, no NUL, at most n bytes.
func clip(s string, n int) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
