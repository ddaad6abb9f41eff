//go:build cgo

package engine

import "context"

// ManyRows is from how many rows on days are found quickly.
const ManyRows = manyRows

// Exec runs a statement as the workspace runs its own: past the check that the SQL of a definition goes through, so that a
// test sees what the database itself refuses.
func (w *Workspace) Exec(ctx context.Context, statement string) error {
	_, err := w.exec(ctx, statement)
	return err
}
