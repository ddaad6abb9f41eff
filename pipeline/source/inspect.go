package source

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/monthend/monthend/report"
)

// Description is the source as it describes itself.
type Description struct {
	Database  string
	Role      string // of this caller
	Server    string // version, such as "15.18"
	Superuser bool   // the role may do anything
	ReadOnly  bool   // a session begins read-only, or the server is a standby
	Encoding  string // of the database: "UTF8"
	Zone      string // of a session that sets none

	UnknownZones []string // of those asked about
}

// Inspect asks the server about itself, and which of the time zones it does not know.
func (p *Postgres) Inspect(ctx context.Context, zones []string) (Description, error) {
	var d Description
	err := p.pool.QueryRow(ctx, `
		SELECT current_database(), current_user, split_part(current_setting('server_version'), ' ', 1),
		       (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
		       current_setting('default_transaction_read_only')::boolean OR pg_is_in_recovery(),
		       current_setting('server_encoding'), current_setting('TimeZone'),
		       ARRAY(SELECT z FROM unnest($1::text[]) z WHERE NOT EXISTS (SELECT FROM pg_timezone_names n WHERE lower(n.name) = lower(z)) ORDER BY z)`,
		zones).Scan(&d.Database, &d.Role, &d.Server, &d.Superuser, &d.ReadOnly, &d.Encoding, &d.Zone, &d.UnknownZones)
	if err != nil {
		return d, wrap("inspect the source", explain(context.Cause(ctx), err, nil))
	}
	return d, nil
}

// Writable is a table that the role could write to.
type Writable struct {
	Table  string   // quoted where it must be, with its schema
	Rights []string // INSERT, UPDATE, DELETE, TRUNCATE
}

// Writable tells to which of the tables that a query reads the role could write. The tables are those of the query's plan: what
// the planner finds needless is not among them. The query is not run; after a mistake the snapshot is broken.
func (s *Snapshot) Writable(ctx context.Context, q report.Extract, p Params) ([]Writable, error) {
	if err := s.free(q); err != nil {
		return nil, err
	}
	query, err := bind(q, p)
	if err != nil {
		return nil, err
	}
	// The parameters are typed in the text, so they can be sent as text.
	result := s.conn.Conn().PgConn().ExecParams(ctx, "EXPLAIN (VERBOSE, FORMAT JSON) "+query.sql, query.args, nil, nil, nil).Read()
	if result.Err != nil {
		return nil, explain(context.Cause(ctx), result.Err, nil)
	}
	var plans []struct{ Plan node }
	if len(result.Rows) != 1 || json.Unmarshal(result.Rows[0][0], &plans) != nil {
		return nil, mistake("query %q: the server's plan cannot be read", q.Name)
	}
	var tables []string
	for _, p := range plans {
		tables = p.Plan.tables(tables)
	}
	slices.Sort(tables)
	return s.writable(ctx, slices.Compact(tables))
}

// node is a step of a plan, as far as it is looked at here.
type node struct {
	Schema   string
	Relation string `json:"Relation Name"`
	Plans    []node
}

// tables adds what the step and those below it read, each as schema, NUL, name.
func (n node) tables(all []string) []string {
	if n.Relation != "" {
		all = append(all, n.Schema+"\x00"+n.Relation)
	}
	for _, below := range n.Plans {
		all = below.tables(all)
	}
	return all
}

// writable asks for the rights on the tables and on those whose partitions they are.
func (s *Snapshot) writable(ctx context.Context, tables []string) ([]Writable, error) {
	schemas, names := make([]string, len(tables)), make([]string, len(tables))
	for i, t := range tables {
		schemas[i], names[i], _ = strings.Cut(t, "\x00")
	}
	rows, err := s.conn.Conn().Query(ctx, `
		WITH read AS (
			SELECT c.oid FROM unnest($1::text[], $2::text[]) t (schema, name)
			  JOIN pg_namespace n ON n.nspname = t.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.name
		), whole AS (
			SELECT oid FROM read UNION SELECT a.relid FROM read, pg_partition_ancestors(read.oid) a
		)
		SELECT w.oid::regclass::text, array_agg(p.need ORDER BY p.place)
		  FROM whole w, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) WITH ORDINALITY p (need, place)
		 WHERE has_table_privilege(w.oid, p.need)
		 GROUP BY w.oid ORDER BY 1`, schemas, names)
	if err != nil {
		return nil, explain(context.Cause(ctx), err, nil)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Writable])
	if err != nil {
		return nil, explain(context.Cause(ctx), err, nil)
	}
	return found, nil
}
