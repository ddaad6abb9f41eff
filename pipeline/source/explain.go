package source

import (
	"context"

	"github.com/monthend/monthend/report"
)

// Explained is how the server would answer an extract query.
type Explained struct {
	SQL  string   // as it is sent, with numbered parameters
	Plan []string // EXPLAIN's own lines; the parameters' values stand in them
}

// Explain asks for the plan of a query with its parameters bound, without running it. After a mistake the snapshot is broken.
func (s *Snapshot) Explain(ctx context.Context, q report.Extract, p Params) (Explained, error) {
	if err := s.free(q); err != nil {
		return Explained{}, err
	}
	query, err := bind(q, p)
	if err != nil {
		return Explained{}, err
	}
	// The parameters are typed in the text, so they can be sent as text.
	result := s.conn.Conn().PgConn().ExecParams(ctx, "EXPLAIN "+query.sql, query.args, nil, nil, nil).Read()
	if result.Err != nil {
		return Explained{}, explain(context.Cause(ctx), result.Err, nil)
	}
	e := Explained{SQL: query.sql}
	for _, row := range result.Rows {
		if len(row) > 0 {
			e.Plan = append(e.Plan, string(row[0]))
		}
	}
	return e, nil
}
