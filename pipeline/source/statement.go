package source

import (
	"context"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/monthend/monthend/pipeline/column"
	"github.com/monthend/monthend/report"
)

// statement is a query that the server has prepared, as the unnamed statement of its session: the next one takes its place.
type statement struct {
	bound
	fields   []pgconn.FieldDescription
	columns  []column.Column
	decoders []decoder
}

// prepare has the server read the query and tell its columns. An error of the server leaves the transaction broken.
func (s *Snapshot) prepare(ctx context.Context, query bound) (*statement, error) {
	fields, err := s.describe(ctx, query)
	if err != nil {
		return nil, err
	}
	if unknown := s.types.unknown(fields); len(unknown) > 0 {
		if err := s.types.learn(ctx, s.conn.Conn().PgConn(), unknown); err != nil {
			return nil, err
		}
		// What was asked took the place of the query.
		if fields, err = s.describe(ctx, query); err != nil {
			return nil, err
		}
	}
	st := &statement{bound: query, fields: fields}
	for _, f := range fields {
		c, decode, err := s.types.columnOf(f)
		if err != nil {
			return nil, mistakeIn(query.query, "%v", err)
		}
		st.columns = append(st.columns, c)
		st.decoders = append(st.decoders, decode)
	}
	return st, nil
}

func (s *Snapshot) describe(ctx context.Context, query bound) ([]pgconn.FieldDescription, error) {
	described, err := s.conn.Conn().PgConn().Prepare(ctx, "", query.sql, nil)
	if err != nil {
		return nil, explain(context.Cause(ctx), err, &query)
	}
	if len(described.Fields) == 0 {
		return nil, mistakeIn(query.query, "the query returns no columns; an extract is one SELECT")
	}
	return described.Fields, nil
}

// Describe tells the columns that a query would bring, without running it: the server reads and resolves it, and knows then
// what does not exist. After a mistake the snapshot can be used as before.
func (s *Snapshot) Describe(ctx context.Context, q report.Extract) ([]column.Column, error) {
	if err := s.free(q); err != nil {
		return nil, err
	}
	query, err := bind(q, Params{})
	if err != nil {
		return nil, err
	}
	// A mistake ends a transaction but for what stands before a savepoint.
	if err := s.execute(ctx, "SAVEPOINT monthend_describe"); err != nil {
		return nil, err
	}
	st, err := s.prepare(ctx, query)
	if err != nil {
		if s.conn.Conn().PgConn().TxStatus() == 'E' {
			if err := s.execute(ctx, "ROLLBACK TO SAVEPOINT monthend_describe"); err != nil {
				return nil, err
			}
		}
		return nil, err
	}
	return st.columns, s.execute(ctx, "RELEASE SAVEPOINT monthend_describe")
}

// execute runs a statement of our own, below the tracer.
func (s *Snapshot) execute(ctx context.Context, sql string) error {
	if _, err := s.conn.Conn().PgConn().Exec(ctx, sql).ReadAll(); err != nil {
		return explain(context.Cause(ctx), err, nil)
	}
	return nil
}
