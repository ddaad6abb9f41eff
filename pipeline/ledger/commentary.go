package ledger

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// Commentary is what was decided about the draft in words of one run over one state of the data. Without paragraphs and without a
// reason nobody was asked.
type Commentary struct {
	RunID      string
	DataDigest string
	Paragraphs []string
	LeftOut    string // why there is none
	Model      string
	Tokens     int64
}

// Commentary is what was decided earlier; false where nothing was.
func (s *Store) Commentary(ctx context.Context, runID, dataDigest string) (Commentary, bool, error) {
	c, err := repeat(ctx, func() (Commentary, error) {
		c := Commentary{RunID: runID, DataDigest: dataDigest}
		err := s.pool.QueryRow(ctx, `
			SELECT paragraphs, left_out, model, tokens_used FROM monthend.commentaries WHERE run_id = $1 AND data_digest = $2`,
			runID, dataDigest).Scan(&c.Paragraphs, &c.LeftOut, &c.Model, &c.Tokens)
		return c, err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Commentary{}, false, nil
	}
	return c, err == nil, wrapUnlessNil(err, "ledger: read the commentary of run %q", runID)
}

// KeepCommentary writes a decision down and answers the one that stands: the first.
func (s *Store) KeepCommentary(ctx context.Context, c Commentary) (Commentary, error) {
	if c.Paragraphs == nil {
		c.Paragraphs = []string{}
	}
	_, err := repeat(ctx, func() (struct{}, error) {
		_, err := s.pool.Exec(ctx, `
			INSERT INTO monthend.commentaries (run_id, data_digest, paragraphs, left_out, model, tokens_used)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
			c.RunID, c.DataDigest, c.Paragraphs, clip(c.LeftOut, maxText), clip(c.Model, maxName), c.Tokens)
		return struct{}{}, err
	})
	if err != nil {
		return c, wrapUnlessNil(err, "ledger: keep the commentary of run %q", c.RunID)
	}
	kept, found, err := s.Commentary(ctx, c.RunID, c.DataDigest)
	if err == nil && !found {
		err = wrapUnlessNil(errors.New("it is not there"), "ledger: keep the commentary of run %q", c.RunID)
	}
	return kept, err
}
