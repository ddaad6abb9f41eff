//go:build cgo

package engine

import "context"

// ManyRows is from how many rows on days are found quickly.
const ManyRows = manyRows

// Coded are the columns of an extract that are kept as numbers of words.
func (w *Workspace) Coded(ctx context.Context, table string) (coded []string, err error) {
	if !w.extracts[table].coded {
		return nil, nil
	}
	list, err := w.describeTable(ctx, storedTable(table))
	for _, c := range list {
		if c.ddl == "UTINYINT" {
			coded = append(coded, c.name)
		}
	}
	return coded, err
}

// Exec runs a statement as the workspace runs its own: past the check that the SQL of a definition goes through, so that a
// test sees what the database itself refuses.
func (w *Workspace) Exec(ctx context.Context, statement string) error {
	_, err := w.exec(ctx, statement)
	return err
}
