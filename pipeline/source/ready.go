package source

import (
	"context"
	"errors"
	"io"

	"github.com/monthend/monthend/pipeline/column"
	"github.com/monthend/monthend/report"
)

// Ready asks whether the source holds the whole period: q answers one row with one boolean, and only TRUE is yes. Anything
// else that it answers is a mistake of the query.
func (s *Snapshot) Ready(ctx context.Context, q report.Extract, p Params) (bool, error) {
	rows, err := s.Query(ctx, q, p)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	if err := checkReady(q, rows.Columns()); err != nil {
		return false, err
	}
	var batch column.Batch
	var ready bool
	for {
		switch err := rows.Next(&batch); {
		case errors.Is(err, io.EOF) && rows.Rows() == 1:
			return ready, nil
		case errors.Is(err, io.EOF):
			return false, mistakeIn(q, "the query answers no row, where one is wanted; take coalesce((…), false)")
		case err != nil:
			return false, err
		case rows.Rows() > 1:
			return false, mistakeIn(q, "the query answers several rows, where one is wanted; take bool_and(…)")
		}
		ready = batch.Vectors[0].IsValid(0) && batch.Vectors[0].Bools[0]
	}
}

// DescribeReady is Describe for a ready query: it finds what Ready would, but for the number of rows.
func (s *Snapshot) DescribeReady(ctx context.Context, q report.Extract) error {
	columns, err := s.Describe(ctx, q)
	if err != nil {
		return err
	}
	return checkReady(q, columns)
}

func checkReady(q report.Extract, columns []column.Column) error {
	switch {
	case len(columns) > 1:
		return mistakeIn(q, "column %q: the query answers %d columns, where one is wanted", columns[1].Name, len(columns))
	case columns[0].Type.Kind != column.Bool:
		return mistakeIn(q, "column %q is %s, where a boolean is wanted", columns[0].Name, columns[0].Type.Kind)
	}
	return nil
}
