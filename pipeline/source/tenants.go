package source

import (
	"context"
	"errors"
	"io"

	"github.com/monthend/monthend/pipeline/column"
	"github.com/monthend/monthend/report"
)

// Tenants asks whose reports there are to be made: q answers one text column of tenants, each once, in the order that it likes.
// Anything else that it answers, or nobody at all, is a mistake of the query or of what it reads.
func (s *Snapshot) Tenants(ctx context.Context, q report.Extract, p Params) ([]string, error) {
	rows, err := s.Query(ctx, q, p)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if err := checkTenants(q, rows.Columns()); err != nil {
		return nil, err
	}
	var tenants []string
	rowOf := map[string]int{}
	var batch column.Batch
	for {
		err := rows.Next(&batch)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		for i := range batch.Len() {
			row := len(tenants) + 1
			if !batch.Vectors[0].IsValid(i) {
				return nil, mistakeIn(q, "row %d: NULL, where a tenant is wanted", row)
			}
			tenant := string(batch.Vectors[0].Value(i))
			if !report.ValidTenant(tenant) {
				return nil, mistakeIn(q, "row %d: %q is not a tenant (1 to 64 letters, digits, '.', '_' and '-')", row, shortened(tenant))
			}
			if first, twice := rowOf[tenant]; twice {
				return nil, mistakeIn(q, "row %d: tenant %q is there already, in row %d; take SELECT DISTINCT", row, tenant, first)
			}
			if row > report.MaxTenants {
				return nil, mistakeIn(q, "the query answers more than %d tenants", report.MaxTenants)
			}
			rowOf[tenant] = row
			tenants = append(tenants, tenant)
		}
	}
	if len(tenants) == 0 {
		return nil, mistakeIn(q, "the query answers no tenant")
	}
	return tenants, nil
}

// DescribeTenants is Describe for a query of tenants: it finds what Tenants would, but for what the rows hold.
func (s *Snapshot) DescribeTenants(ctx context.Context, q report.Extract) error {
	columns, err := s.Describe(ctx, q)
	if err != nil {
		return err
	}
	return checkTenants(q, columns)
}

func checkTenants(q report.Extract, columns []column.Column) error {
	switch {
	case len(columns) > 1:
		return mistakeIn(q, "column %q: the query answers %d columns, where one is wanted", columns[1].Name, len(columns))
	case columns[0].Type.Kind != column.Text:
		return mistakeIn(q, "column %q is %s, where a text is wanted; take a cast", columns[0].Name, columns[0].Type.Kind)
	}
	return nil
}

// shortened bounds what is shown of a value that is no tenant: by mistake it may be anything.
func shortened(s string) string {
	const most = 32 // characters
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}
