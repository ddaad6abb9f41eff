package ledger

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/monthend/monthend/report"
)

// OnceKind is what an asking under a key came to.
type OnceKind string

const (
	OnceNew   OnceKind = "new"   // it counts
	OnceAgain OnceKind = "again" // it was asked before; the answer is the one given then
	OnceOther OnceKind = "other" // the key stands for another asking; nothing was done
)

// Said is an answer over HTTP, as it was given the first time.
type Said struct {
	Status   int
	Location string
	Body     []byte
}

// Once is an asking that may be repeated because its answer was lost.
type Once struct {
	TokenID string // whose key it is; "" where no token is asked for
	Key     string // at most 255 characters; "" asks each time anew
	Asked   []byte // what is asked, in any form that is equal for equal askings
	Said    Said   // what is answered, if it was not asked before
	Posting Posting
}

// AskOnce posts the request and keeps what is answered to it, in one transaction; a Posting without a body posts nothing.
// Where the key was used before nothing is written, and Said is what was answered then.
func (s *Store) AskOnce(ctx context.Context, o Once) (OnceKind, Said, error) {
	p := o.Posting
	if len(p.Body) > 0 {
		if err := p.check(); err != nil {
			return "", Said{}, fmt.Errorf("ledger: ask as request %q: %w", p.RequestID, err)
		}
	}
	type told struct {
		Kind     OnceKind
		Status   int
		Location string
		Answer   string
	}
	print := sha256.Sum256(o.Asked)
	// Repeating is safe under a key, and without one too: the request id is the same.
	got, err := repeat(ctx, func() (told, error) {
		return one[told](ctx, s.pool, `
			SELECT * FROM monthend.ask_once(@asker, @key, @print, @status, @location, @answer,
			                                @request, @report, @tenant, @period, @body, @trace)`,
			pgx.NamedArgs{"asker": o.TokenID, "key": o.Key, "print": print[:], "status": o.Said.Status, "location": o.Said.Location,
				"answer": string(o.Said.Body), "request": p.RequestID, "report": p.Key.Report, "tenant": p.Key.Tenant, "period": p.period(),
				"body": string(p.Body), "trace": p.TraceHeader})
	})
	if err != nil {
		return "", Said{}, fmt.Errorf("ledger: ask as request %q: %w", p.RequestID, err)
	}
	// What this very call wrote, its answer being lost on the way, reads as asked before; the bytes are the same then.
	return got.Kind, Said{got.Status, got.Location, []byte(got.Answer)}, nil
}

// AskedOnce is what AskOnce would find: OnceNew where the key was not used, or there is none.
func (s *Store) AskedOnce(ctx context.Context, o Once) (OnceKind, Said, error) {
	if o.Key == "" {
		return OnceNew, Said{}, nil
	}
	var same bool
	var said Said
	print := sha256.Sum256(o.Asked)
	err := s.pool.QueryRow(ctx, `
		SELECT fingerprint = $3, status, location, answer FROM monthend.idempotency WHERE token_id = $1 AND key = $2`,
		o.TokenID, o.Key, print[:]).Scan(&same, &said.Status, &said.Location, &said.Body)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return OnceNew, Said{}, nil
	case err != nil:
		return "", Said{}, fmt.Errorf("ledger: look for key %q: %w", clip(o.Key, maxName), err)
	case !same:
		return OnceOther, said, nil
	}
	return OnceAgain, said, nil
}

// Posted is a request as it was posted, and when. ErrNotFound: it was not, or it is over for so long that it is forgotten here.
func (s *Store) Posted(ctx context.Context, requestID string) (p Posting, at time.Time, err error) {
	var period string
	err = s.pool.QueryRow(ctx, `
		SELECT request_id, report, tenant, period, body, trace_header, apart, created_at FROM monthend.outbox WHERE request_id = $1`,
		requestID).Scan(&p.RequestID, &p.Key.Report, &p.Key.Tenant, &period, &p.Body, &p.TraceHeader, &p.Apart, &at)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNotFound
	}
	if err == nil && period != report.PreviousMonthName {
		p.Key.Period, err = report.ParsePeriod(period)
	}
	return p, at.UTC(), wrapUnlessNil(err, "ledger: read the posting of request %q", requestID)
}

// PruneOnce forgets the keys that are older than age, and counts them.
func (s *Store) PruneOnce(ctx context.Context, age time.Duration) (int64, error) {
	tag, err := s.pool.Exec(ctx, `DELETE FROM monthend.idempotency WHERE created_at < clock_timestamp() - $1::interval`, age)
	return tag.RowsAffected(), wrapUnlessNil(err, "ledger: forget old keys")
}
