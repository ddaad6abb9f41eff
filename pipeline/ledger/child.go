package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/monthend/monthend/report"
)

// ErrNotNextRound says that somebody else has asked for the failed tenants again in the meantime.
var ErrNotNextRound = errors.New("what failed is being asked for again already")

// Child is one tenant of a parent.
type Child struct {
	Tenant    string
	RequestID string // the last that asked for it
	RunID     string // that its outcome is of; "" for none
	Outcome   report.Outcome
	Error     string
	Version   int    // current now, of a child that has one to show; 0 for none
	Path      string // of that version
	Extracted int64  // by the run
	Rejected  int64  // by the run
	Manifest  []byte // of that version; only where it is asked for
	EndedAt   time.Time
}

// ChildFilter picks children of one parent, by tenant. The zero value picks all.
type ChildFilter struct {
	Bad       bool   // those without a version to show, that have ended
	After     string // tenants after this one
	Limit     int    // 0 is no limit
	Manifests bool   // with their manifests
}

// Children are the tenants of a parent that f picks, in the order of their names' bytes.
func (s *Store) Children(ctx context.Context, parent string, f ChildFilter) ([]Child, error) {
	children, err := repeat(ctx, func() ([]Child, error) {
		rows, err := s.pool.Query(ctx, `
			SELECT c.tenant, c.request_id, coalesce(c.run_id, ''), coalesce(c.outcome, ''),
			       CASE WHEN c.outcome IN ('data_failed', 'failed', 'cancelled') THEN coalesce(nullif(u.error, ''), r.error, '') ELSE '' END,
			       coalesce(v.version, 0), coalesce(v.path, ''), coalesce(u.records_extracted, 0), coalesce(u.records_rejected, 0),
			       CASE WHEN @manifests THEN v.manifest::text END, c.ended_at
			  FROM monthend.children c
			  JOIN monthend.requests p ON p.request_id = c.parent
			  LEFT JOIN monthend.requests r ON r.request_id = c.request_id
			  LEFT JOIN monthend.runs u ON u.run_id = c.run_id
			  LEFT JOIN monthend.current n ON c.outcome IN ('published', 'duplicate', 'unchanged')
			                              AND (n.report, n.tenant, n.period) = (p.report, c.tenant, p.period)
			  LEFT JOIN monthend.versions v ON (v.report, v.tenant, v.period, v.version) = (n.report, n.tenant, n.period, n.version)
			 WHERE c.parent = @parent AND c.tenant > @after
			   AND (NOT @bad OR c.outcome IN ('data_failed', 'failed', 'cancelled'))
			 ORDER BY c.tenant LIMIT nullif(@limit, 0)`,
			pgx.NamedArgs{"parent": parent, "after": f.After, "bad": f.Bad, "limit": f.Limit, "manifests": f.Manifests})
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Child, error) {
			var c Child
			var manifest *string
			var ended *time.Time
			err := row.Scan(&c.Tenant, &c.RequestID, &c.RunID, &c.Outcome, &c.Error, &c.Version, &c.Path, &c.Extracted, &c.Rejected,
				&manifest, &ended)
			c.Manifest, c.EndedAt = []byte(value(manifest)), value(ended).UTC()
			return c, err
		})
	})
	return children, wrapUnlessNil(err, "ledger: read the tenants of request %q", parent)
}

// FanOut is one asking for all tenants.
type FanOut struct {
	RequestID   string
	MessageID   string
	Job         report.Job // that asked for it; its tenant and request id are each child's own
	Period      report.Period
	TraceID     string
	TraceHeader string // of the asking, named in each child's trace
	Tenants     []string
}

// FanOut records a parent and posts a message a tenant, in one transaction; a parent that is known already is left as it is.
// A published month is done without a message, but for a restatement. The state is "" when the request had ended before it was
// one. ErrRequestReused: its id stands for something else.
func (s *Store) FanOut(ctx context.Context, f FanOut) (FanoutState, error) {
	key := report.Key{Report: f.Job.Report, Period: f.Period}
	word, err := repeat(ctx, func() (string, error) {
		requests, bodies, err := childJobs(f.RequestID, 1, f.Job, f.Period, f.Tenants, nil)
		if err != nil {
			return "", err
		}
		var word string
		err = s.longRow(ctx, &word, `
			SELECT monthend.fan_out(@request, @message, @report, @period, @restate, @reason, @by, @schedule, @trace, @header,
			                        @tenants, @requests, @bodies)`,
			pgx.NamedArgs{"request": f.RequestID, "message": clip(f.MessageID, maxName), "report": f.Job.Report, "period": f.Period.String(),
				"restate": f.Job.Restate, "reason": clip(f.Job.Reason, maxText), "by": clip(f.Job.RequestedBy, maxName),
				"schedule": clip(f.Job.Schedule, maxText), "trace": clip(f.TraceID, maxName), "header": f.TraceHeader,
				"tenants": f.Tenants, "requests": requests, "bodies": bodies})
		return word, err
	})
	switch {
	case err == nil && word == "reused":
		err = ErrRequestReused
	case err == nil && word == "settled":
		return "", nil
	}
	return FanoutState(word), wrapUnlessNil(err, "ledger: ask for %d tenants of %s", len(f.Tenants), key)
}

// Again asks once more for the children of a parent that ended badly, and for no others: one with a run by attempting that run
// again. It answers how many. ErrNotFound: the request is no parent; ErrNotNextRound: another Again was faster.
func (s *Store) Again(ctx context.Context, parent, by, header string) (int, error) {
	n, err := s.again(ctx, parent, by, header)
	return n, wrapUnlessNil(err, "ledger: ask again for what failed of request %q", parent)
}

func (s *Store) again(ctx context.Context, parent, by, header string) (int, error) {
	fanout, err := s.Fanout(ctx, parent)
	if err != nil {
		return 0, err
	}
	bad, err := s.Children(ctx, parent, ChildFilter{Bad: true})
	if err != nil || len(bad) == 0 {
		return 0, err
	}
	tenants, runs := make([]string, len(bad)), make([]string, len(bad))
	for i, c := range bad {
		tenants[i], runs[i] = c.Tenant, c.RunID
	}
	job := report.Job{Report: fanout.Report, Restate: fanout.Restate, Reason: fanout.Reason, RequestedBy: by}
	requests, bodies, err := childJobs(parent, fanout.Rounds+1, job, fanout.Period, tenants, runs)
	if err != nil {
		return 0, err
	}
	// Not repeated: a lost answer would read as another's retry.
	var n int
	err = s.longRow(ctx, &n, `SELECT monthend.fan_again(@parent, @round, @header, @tenants, @requests, @bodies)`,
		pgx.NamedArgs{"parent": parent, "round": fanout.Rounds + 1, "header": header, "tenants": tenants, "requests": requests, "bodies": bodies})
	if err == nil && n < 0 {
		err = ErrNotNextRound
	}
	return n, err
}

// ChildID is the request id of a tenant of a parent: of the asking itself in round 1, of its n-th retry in round n + 1.
func ChildID(parent, tenant string, round int) string {
	text := parent + "\n" + tenant
	if round > 1 {
		text += "\n" + strconv.Itoa(round)
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// childJobs are the messages of a round, by tenant; runs are what each attempts again, nil for none.
func childJobs(parent string, round int, job report.Job, period report.Period, tenants, runs []string) (requests, bodies []string, err error) {
	requests, bodies = make([]string, len(tenants)), make([]string, len(tenants))
	job.Period = period.String()
	for i, tenant := range tenants {
		job.Tenant, job.RequestID = tenant, ChildID(parent, tenant, round)
		if runs != nil {
			job.Retry = runs[i]
		}
		body, err := job.Encode()
		if err != nil {
			return nil, nil, fmt.Errorf("tenant %q: %w", tenant, err)
		}
		requests[i], bodies[i] = job.RequestID, string(body)
	}
	return requests, bodies, nil
}

// longTimeout bounds a statement that writes a row for each of many tenants.
const longTimeout = 2 * time.Minute

// long runs statements that may take longer than others.
func (s *Store) long(ctx context.Context, fn func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT set_config('statement_timeout', $1, true)`, milliseconds(longTimeout)); err != nil {
			return err
		}
		return fn(tx)
	})
}

// longRow is long for one statement with one answer.
func (s *Store) longRow(ctx context.Context, answer any, sql string, args pgx.NamedArgs) error {
	return s.long(ctx, func(tx pgx.Tx) error { return tx.QueryRow(ctx, sql, args).Scan(answer) })
}
