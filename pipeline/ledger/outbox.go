package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/monthend/monthend/report"
)

// Posting is a message that is promised here and goes to the queue later: a drain brings it there, again and again until its
// request has an outcome.
type Posting struct {
	RequestID   string     // whoever posts twice under one id asks once
	Key         report.Key // without a tenant it is never kept waiting; without a period it asks for the previous month
	Body        []byte     // the job message
	TraceHeader string     // of whoever asks; "" for none
	Apart       bool       // one of a burst: its message gets a trace of its own, which names the asker's
}

// Post promises a message. A second posting of a request id writes nothing, nor is a request sent that has its outcome.
func (s *Store) Post(ctx context.Context, p Posting) error {
	if err := p.check(); err != nil {
		return fmt.Errorf("ledger: post request %q: %w", p.RequestID, err)
	}
	_, err := repeat(ctx, func() (struct{}, error) {
		_, err := s.pool.Exec(ctx, `
			INSERT INTO monthend.outbox (request_id, report, tenant, period, body, trace_header, apart)
			VALUES (@request, @report, @tenant, @period, @body, @header, @apart)
			ON CONFLICT (request_id) DO NOTHING`,
			pgx.NamedArgs{"request": p.RequestID, "report": p.Key.Report, "tenant": p.Key.Tenant, "period": p.period(),
				"body": string(p.Body), "header": p.TraceHeader, "apart": p.Apart})
		return struct{}{}, err
	})
	return wrapUnlessNil(err, "ledger: post request %q", p.RequestID)
}

func (p Posting) check() error {
	switch {
	case p.RequestID == "" || p.RequestID != clip(p.RequestID, maxName):
		return fmt.Errorf("its id of %d bytes is not a text of 1 to %d", len(p.RequestID), maxName)
	case !report.ValidName(p.Key.Report):
		return fmt.Errorf("report %q is not a name", p.Key.Report)
	case p.Key.Tenant != "" && !report.ValidTenant(p.Key.Tenant):
		return fmt.Errorf("tenant %q is not a name", p.Key.Tenant)
	case len(p.Body) == 0 || string(p.Body) != clip(string(p.Body), report.MaxJobSize):
		return fmt.Errorf("its message of %d bytes is not a text of 1 to %d", len(p.Body), report.MaxJobSize)
	}
	return nil
}

// period is how it is written down.
func (p Posting) period() string {
	if p.Key.Period.IsZero() {
		return report.PreviousMonthName
	}
	return p.Key.Period.String()
}

// Turn says how much is picked from the outbox at once, and how much may stand in the queue.
type Turn struct {
	Most    int           // rows at once: of tenants, and as many of none
	Tenant  int           // messages of a tenant that have no outcome yet
	Tenants int           // the same of all tenants together; filled up when half of them are through
	Held    time.Duration // how long what was picked is kept from other drains; longer than a send can take
}

// Pick takes what is to be sent now. Whoever picks tells Sent what became of it; what is never told is due again after
// t.Held. Any number of drains may pick at once: a row is one's only.
func (s *Store) Pick(ctx context.Context, t Turn) ([]Posting, error) {
	// Not repeated: a pick whose answer was lost is due again by itself.
	rows, err := s.pool.Query(ctx, `
		SELECT request_id, report, tenant, period, body, trace_header, apart
		  FROM monthend.pick($1, $2, $3, $4)
		 ORDER BY created_at, request_id`, t.Most, t.Tenant, t.Tenants, t.Held)
	if err != nil {
		return nil, fmt.Errorf("ledger: pick what is due: %w", err)
	}
	postings, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Posting, error) {
		var p Posting
		var period string
		err := row.Scan(&p.RequestID, &p.Key.Report, &p.Key.Tenant, &period, &p.Body, &p.TraceHeader, &p.Apart)
		if err == nil && period != report.PreviousMonthName {
			p.Key.Period, err = report.ParsePeriod(period)
		}
		return p, err
	})
	return postings, wrapUnlessNil(err, "ledger: pick what is due")
}

// Sent records the messages that the queue took: the message id by request id. A request without an outcome is due again after
// lost, for its message may have been; the second time after twice as long, and so on up to 32 times.
func (s *Store) Sent(ctx context.Context, messages map[string]string, lost time.Duration) error {
	requests, ids := make([]string, 0, len(messages)), make([]string, 0, len(messages))
	for request, id := range messages {
		requests, ids = append(requests, request), append(ids, clip(id, maxName))
	}
	// Repeated though it counts a send twice then: that only makes the wait for a lost message longer.
	_, err := repeat(ctx, func() (struct{}, error) {
		_, err := s.pool.Exec(ctx, `SELECT monthend.sent($1, $2, $3)`, requests, ids, lost)
		return struct{}{}, err
	})
	return wrapUnlessNil(err, "ledger: record %d messages as sent", len(messages))
}

// PruneOutbox forgets what was fulfilled longer than age ago, and counts it.
func (s *Store) PruneOutbox(ctx context.Context, age time.Duration) (int64, error) {
	var pruned int64
	for { // by parts, so that no statement runs into its limit
		tag, err := s.pool.Exec(ctx, `
			DELETE FROM monthend.outbox WHERE request_id IN (
				SELECT request_id FROM monthend.outbox WHERE done_at < clock_timestamp() - $1::interval LIMIT 10000 FOR UPDATE SKIP LOCKED)`, age)
		pruned += tag.RowsAffected()
		if err != nil || tag.RowsAffected() == 0 {
			return pruned, wrapUnlessNil(err, "ledger: forget what was sent long ago")
		}
	}
}
