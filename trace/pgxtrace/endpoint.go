package pgxtrace

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/monthend/monthend/trace"
)

const (
	maxQuery = 2000 // characters of a query that are told
	maxUser  = 250  // that X-Ray takes
	driver   = "github.com/jackc/pgx/v5"
)

// endpoint is the database that a connection leads to, as a trace names it.
type endpoint struct {
	name    string // database@host
	url     string // without password
	user    string
	version string // of the server, "" before there is a connection
}

// customKey is where a connection keeps its endpoint: pgx copies the whole configuration each time it is asked for.
const customKey = "github.com/monthend/monthend/trace/pgxtrace"

// endpointOf is conn's, made once. Whoever traces a call owns the connection, so nobody else touches its data.
func endpointOf(conn *pgx.Conn) endpoint {
	data := conn.PgConn().CustomData()
	if known, ok := data[customKey].(endpoint); ok {
		return known
	}
	e := newEndpoint(conn.Config())
	e.version = conn.PgConn().ParameterStatus("server_version")
	data[customKey] = e
	return e
}

func newEndpoint(c *pgx.ConnConfig) endpoint {
	host, at := c.Host, net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port)))
	// A path is a Unix socket, and '@' begins an abstract one; where it lies is this machine's business.
	if strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") {
		host, at = "localhost", "localhost"
	}
	database := c.Database
	if database == "" {
		database = c.User // as PostgreSQL takes it
	}
	u := url.URL{Scheme: "postgres", User: url.User(c.User), Host: at, Path: "/" + database}
	return endpoint{name: database + "@" + host, url: u.String(), user: cut(c.User, maxUser)}
}

func (e endpoint) sql(query, preparation string) trace.SQL {
	return trace.SQL{
		URL: e.url, User: e.user, DatabaseType: "PostgreSQL", DatabaseVersion: e.version, DriverVersion: driver,
		SanitizedQuery: cut(query, maxQuery), Preparation: preparation,
	}
}

// copyStatement is the COPY that pgx makes of a CopyFrom.
func copyStatement(data pgx.TraceCopyFromStartData) string {
	columns := make([]string, len(data.ColumnNames))
	for i, name := range data.ColumnNames {
		columns[i] = pgx.Identifier{name}.Sanitize()
	}
	return "copy " + data.TableName.Sanitize() + " (" + strings.Join(columns, ", ") + ") from stdin binary"
}

// cut shortens s to at most limit characters.
func cut(s string, limit int) string {
	count := 0
	for i := range s {
		if count == limit {
			return s[:i]
		}
		count++
	}
	return s
}
