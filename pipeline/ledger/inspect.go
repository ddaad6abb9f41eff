package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Description is a ledger's database as it describes itself.
type Description struct {
	Database  string
	Role      string // of this caller
	Server    string // version, such as "15.18"
	Superuser bool   // no right is ever missing
	Migrates  bool   // the role may change tables: more than work needs

	Now  time.Time     // the database's clock, UTC
	Skew time.Duration // of this machine's clock: above 0 it is ahead of the database's
	Trip time.Duration // of the question: the skew is known to half of it

	Schema error // nil or a *SchemaError: what Open would say

	// Missing are the rights that work needs and the role has not, as the GRANT that gives them to it, in order.
	Missing []string
}

// Inspect looks at the database without changing anything; unlike Open it takes whatever schema is there, or none. The error
// is a *URLError or an *UnreachableError where they apply. now is this machine's clock, nil for time.Now.
func Inspect(ctx context.Context, url string, now func() time.Time) (Description, error) {
	if now == nil {
		now = time.Now
	}
	pool, err := openPool(ctx, url, nil, session{
		conns: 1, connectTimeout: work.connectTimeout, statementTimeout: work.statementTimeout, lockTimeout: work.lockTimeout,
	})
	if err != nil {
		return Description{}, fmt.Errorf("inspect ledger: %w", err)
	}
	defer pool.Close()
	s := &Store{pool: pool}
	d, err := s.describe(ctx, now)
	if err != nil {
		return d, fmt.Errorf("inspect ledger: %w", err)
	}
	return d, nil
}

func (s *Store) describe(ctx context.Context, now func() time.Time) (d Description, err error) {
	asked := now()
	if d.Now, err = s.Now(ctx); err != nil {
		return d, err
	}
	answered := now()
	d.Trip = answered.Sub(asked)
	d.Skew = asked.Add(d.Trip / 2).Sub(d.Now)

	err = s.pool.QueryRow(ctx, `
		SELECT current_database(), current_user, split_part(current_setting('server_version'), ' ', 1), rolsuper
		  FROM pg_roles WHERE rolname = current_user`).Scan(&d.Database, &d.Role, &d.Server, &d.Superuser)
	if err != nil {
		return d, fmt.Errorf("describe the database: %w", err)
	}
	var exists, usable bool
	err = s.pool.QueryRow(ctx, `
		SELECT n.oid IS NOT NULL, coalesce(has_schema_privilege(n.oid, 'USAGE'), false), coalesce(has_schema_privilege(n.oid, 'CREATE'), false)
		  FROM (SELECT to_regnamespace('monthend')::oid) n (oid)`).Scan(&exists, &usable, &d.Migrates)
	if err != nil {
		return d, fmt.Errorf("look for the schema: %w", err)
	}
	if exists && !usable { // whatever else is missing cannot be seen from outside
		d.Missing = []string{"GRANT USAGE ON SCHEMA monthend TO " + pgx.Identifier{d.Role}.Sanitize()}
		return d, nil
	}
	if exists {
		if d.Missing, err = s.missing(ctx, d.Role); err != nil {
			return d, fmt.Errorf("look for rights: %w", err)
		}
	}
	var schema *SchemaError
	if err := s.checkSchema(ctx); errors.As(err, &schema) {
		d.Schema = schema
	} else if err != nil && len(d.Missing) == 0 {
		return d, err
	}
	return d, nil
}

// missing asks about every table, sequence and function of the schema, so that a later migration is asked about too. What only
// a migration writes is only read; what is kept for a while only is deleted from as well.
func (s *Store) missing(ctx context.Context, role string) ([]string, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT format('GRANT %s ON %I.%I TO %I', string_agg(p.need, ', ' ORDER BY p.place), 'monthend', c.relname, $1::text)
		  FROM pg_class c, unnest(
		           CASE WHEN c.relname = 'schema' THEN ARRAY['SELECT']
		                WHEN c.relname IN ('idempotency', 'outbox') THEN ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']
		                ELSE ARRAY['SELECT', 'INSERT', 'UPDATE'] END) WITH ORDINALITY p (need, place)
		 WHERE c.relnamespace = to_regnamespace('monthend') AND c.relkind IN ('r', 'p') AND c.relname <> 'migration'
		   AND NOT has_table_privilege(c.oid, p.need)
		 GROUP BY c.relname
		UNION ALL
		SELECT format('GRANT USAGE ON SEQUENCE %I.%I TO %I', 'monthend', c.relname, $1::text)
		  FROM pg_class c
		 WHERE c.relnamespace = to_regnamespace('monthend') AND c.relname NOT LIKE 'migration%'
		   AND CASE c.relkind WHEN 'S' THEN NOT has_sequence_privilege(c.oid, 'USAGE') ELSE false END
		UNION ALL
		SELECT format('GRANT EXECUTE ON FUNCTION %s TO %I', p.oid::regprocedure, $1::text)
		  FROM pg_proc p
		 WHERE p.pronamespace = to_regnamespace('monthend') AND NOT has_function_privilege(p.oid, 'EXECUTE')
		 ORDER BY 1`, role)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
