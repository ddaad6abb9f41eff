package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/monthend/monthend/report"
)

// Version is one published version of a key.
type Version struct {
	Key              report.Key
	Number           int
	RunID            string
	ContentDigest    string // hex sha256 of the manifest's content
	DataDigest       string // hex
	Path             string // its folder below the output root
	Manifest         []byte // JSON, equal in meaning to the stored file, not in bytes
	Reason           string // of a restatement
	Previous         string // content digest of the version that it replaced; "" for the first
	RecordsExtracted int64
	RecordsRejected  int64
	PublishedAt      time.Time
	Current          bool
}

// Publication is what makes a version.
type Publication struct {
	Number           int // as allocated
	ContentDigest    string
	DataDigest       string
	Path             string
	Manifest         []byte // JSON
	RecordsExtracted int64
	RecordsRejected  int64
	Approve          bool              // its deliveries wait until somebody approves it
	Deliver          []report.Delivery // who gets it
}

// AllocateVersion gives the run of c its version number, once: one above the highest that the ledger knows of its key and
// storeHighest, the highest in the store (0 for none). Later calls and attempts get the same. ErrFenced as with Renew.
func (s *Store) AllocateVersion(ctx context.Context, c Claim, storeHighest int) (int, error) {
	return s.allocate(ctx, c, storeHighest, nil)
}

// AdoptVersion gives the run of c the number of a version found whole in the store and unknown to the ledger. It returns the
// number the run now holds: another one if an earlier attempt had taken it, 0 if the ledger knows number or a later one.
func (s *Store) AdoptVersion(ctx context.Context, c Claim, number int) (int, error) {
	return s.allocate(ctx, c, 0, &number)
}

func (s *Store) allocate(ctx context.Context, c Claim, storeHighest int, wanted *int) (int, error) {
	number, err := repeat(ctx, func() (*int, error) {
		var number *int
		err := s.pool.QueryRow(ctx, `SELECT monthend.allocate($1, $2, $3, $4, $5)`,
			c.RunID, c.Token, c.Owner, storeHighest, wanted).Scan(&number)
		return number, err
	})
	if err == nil && number == nil {
		err = s.fenced(ctx, s.pool, c)
	}
	if err != nil {
		return 0, fmt.Errorf("ledger: allocate a version for run %q: %w", c.RunID, err)
	}
	return *number, nil
}

// Publish makes p the current version of its key, ends the run, its attempt and every request that waits for it as published,
// and writes its deliveries, in one transaction. ErrFenced: the claim is stale; ErrCancelled: somebody asked for the run's end first. A
// publication that is repeated by its own claim is answered like the first time.
func (s *Store) Publish(ctx context.Context, c Claim, p Publication) (Version, error) {
	recipients, err := recipientRows(p.Deliver, report.VersionName{Key: c.Key, Number: p.Number}.String())
	if err == nil {
		_, err = s.decide(ctx, c, `
			SELECT monthend.publish(@run, @token, @owner, @number, @content, @data, @path, @manifest::jsonb, @extracted, @rejected,
			                        @approve, @recipients::jsonb)`,
			pgx.NamedArgs{"number": p.Number, "content": p.ContentDigest, "data": p.DataDigest, "path": p.Path,
				"manifest": string(p.Manifest), "extracted": p.RecordsExtracted, "rejected": p.RecordsRejected,
				"approve": p.Approve, "recipients": recipients})
	}
	if err != nil {
		return Version{}, fmt.Errorf("ledger: publish version %d of run %q: %w", p.Number, c.RunID, err)
	}
	// It is published, and for that very reason ctx may just have ended: who watches the run has seen that it is over.
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), work.statementTimeout, errReadSlow)
	defer cancel()
	versions, err := s.versions(ctx, `WHERE v.run_id = $1`, c.RunID)
	if err != nil || len(versions) != 1 {
		return Version{}, fmt.Errorf("ledger: read version %d of run %q: %w", p.Number, c.RunID, errors.Join(err, ErrNotFound))
	}
	return versions[0], nil
}

var errReadSlow = errors.New("the ledger did not answer in time")

// Current is the current version of key, and whether there is one.
func (s *Store) Current(ctx context.Context, key report.Key) (Version, bool, error) {
	versions, err := s.versions(ctx, `WHERE v.report = $1 AND v.tenant = $2 AND v.period = $3 AND c.version IS NOT NULL`,
		key.Report, key.Tenant, key.Period.String())
	if err != nil || len(versions) == 0 {
		return Version{}, false, wrapUnlessNil(err, "ledger: read the current version of %s", key)
	}
	return versions[0], true, nil
}

// CurrentDataDigest is the data digest of the current version of key; "" when there is none.
func (s *Store) CurrentDataDigest(ctx context.Context, key report.Key) (string, error) {
	version, _, err := s.Current(ctx, key)
	return version.DataDigest, err
}

// Versions are all versions of key, newest first.
func (s *Store) Versions(ctx context.Context, key report.Key) ([]Version, error) {
	versions, err := s.versions(ctx, `WHERE v.report = $1 AND v.tenant = $2 AND v.period = $3`,
		key.Report, key.Tenant, key.Period.String())
	return versions, wrapUnlessNil(err, "ledger: read the versions of %s", key)
}

// versions reads the versions that where picks, newest first.
func (s *Store) versions(ctx context.Context, where string, args ...any) ([]Version, error) {
	return repeat(ctx, func() ([]Version, error) {
		rows, err := s.pool.Query(ctx, `
			SELECT v.report, v.tenant, v.period, v.version, v.run_id, v.content_digest, v.data_digest, v.path, v.manifest::text,
			       v.reason, coalesce(v.previous, ''), r.records_extracted, r.records_rejected, v.published_at,
			       c.version IS NOT NULL
			  FROM monthend.versions v
			  JOIN monthend.runs r USING (run_id)
			  LEFT JOIN monthend.current c
			         ON (c.report, c.tenant, c.period, c.version) = (v.report, v.tenant, v.period, v.version)
			 `+where+`
			 ORDER BY v.version DESC`, args...)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, scanVersion)
	})
}

func scanVersion(row pgx.CollectableRow) (Version, error) {
	var v Version
	var period, manifest string
	err := row.Scan(&v.Key.Report, &v.Key.Tenant, &period, &v.Number, &v.RunID, &v.ContentDigest, &v.DataDigest, &v.Path, &manifest,
		&v.Reason, &v.Previous, &v.RecordsExtracted, &v.RecordsRejected, &v.PublishedAt, &v.Current)
	if err != nil {
		return Version{}, err
	}
	v.Manifest = []byte(manifest)
	v.PublishedAt = v.PublishedAt.UTC()
	v.Key.Period, err = report.ParsePeriod(period)
	return v, err
}
