package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/monthend/monthend/report"
)

// DeliveryState is how far a delivery is.
type DeliveryState string

const (
	DeliveryHeld    DeliveryState = "held"      // waits for somebody's approval
	DeliveryWaiting DeliveryState = "waiting"   // is due at NextAt, or under way
	Delivered       DeliveryState = "delivered" // the recipient said so
	DeliveryFailed  DeliveryState = "failed"    // nobody tries again by himself
	DeliverySkipped DeliveryState = "skipped"   // superseded while it waited
)

// DeliveryKind is what is brought.
type DeliveryKind string

const (
	DeliveryOfVersion DeliveryKind = "version"
	DeliveryOfAlert   DeliveryKind = "alert"
)

// Delivery is one recipient of one version, or of one alert, as the ledger knows it now.
type Delivery struct {
	ID        string // the idempotency key: hex sha256 of recipient and subject
	Kind      DeliveryKind
	Report    string // this and the next two may be empty of an alert
	Tenant    string
	Period    string
	Version   int    // 0 of an alert
	RunID     string // that published the version, or that the alert tells of; "" for none
	Condition string // of an alert
	Title     string // of an alert
	Body      string // of an alert: JSON
	Recipient report.Delivery
	Target    string // the recipient in words
	State     DeliveryState
	Tries     int
	FirstAt   time.Time // of the first try; zero before
	NextAt    time.Time // of the next try, while it waits
	Owner     string    // who is at it; "" for nobody
	Token     int64     // of the last try
	TraceID   string    // of the last try
	Error     string    // of the last try, or why it was skipped
	CreatedAt time.Time
	EndedAt   time.Time // zero while it is held or waits
}

// Name is the version's name, or the alert's condition: the subject of the idempotency key.
func (d Delivery) Name() string {
	if d.Kind == DeliveryOfAlert {
		return d.Condition
	}
	tenant := d.Tenant
	if tenant == "" {
		tenant = report.NoTenant
	}
	return fmt.Sprintf("%s/%s/%s/v%d", d.Report, tenant, d.Period, d.Version)
}

// deliveryColumns are named one by one: a newer schema may have more.
const deliveryColumns = `delivery_id, kind, report, tenant, period, coalesce(version, 0), run_id, condition, title, body, recipient::text, target,
	state, tries, first_at, next_at, coalesce(owner, ''), token, trace_id, error, created_at, ended_at`

func scanDelivery(row pgx.CollectableRow) (Delivery, error) {
	var d Delivery
	var recipient string
	var first, ended *time.Time
	err := row.Scan(&d.ID, &d.Kind, &d.Report, &d.Tenant, &d.Period, &d.Version, &d.RunID, &d.Condition, &d.Title, &d.Body, &recipient, &d.Target,
		&d.State, &d.Tries, &first, &d.NextAt, &d.Owner, &d.Token, &d.TraceID, &d.Error, &d.CreatedAt, &ended)
	if err != nil {
		return Delivery{}, err
	}
	d.FirstAt, d.NextAt = value(first).UTC(), d.NextAt.UTC()
	d.CreatedAt, d.EndedAt = d.CreatedAt.UTC(), value(ended).UTC()
	// What a newer program has written and this one cannot read is for the deliverer to refuse, not for a list.
	_ = json.Unmarshal([]byte(recipient), &d.Recipient)
	return d, nil
}

// Deliveries are those of the version that a run published, and of the alerts that tell of it, in the order of their targets.
func (s *Store) Deliveries(ctx context.Context, runID string) ([]Delivery, error) {
	deliveries, err := s.deliveries(ctx, `SELECT `+deliveryColumns+` FROM monthend.deliveries WHERE run_id = $1 ORDER BY kind DESC, created_at, target, delivery_id`, runID)
	return deliveries, wrapUnlessNil(err, "ledger: read the deliveries of run %q", runID)
}

func (s *Store) deliveries(ctx context.Context, sql string, args ...any) ([]Delivery, error) {
	return repeat(ctx, func() ([]Delivery, error) {
		rows, err := s.pool.Query(ctx, sql, args...)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, scanDelivery)
	})
}

// Taking says how TakeDelivery holds and when it gives up.
type Taking struct {
	Lease     time.Duration
	MostTries int           // of one delivery
	MostTime  time.Duration // from its first try on
}

// TakeDelivery takes one delivery that is due, under a lease, and reports whether there was one. Only one that is
// DeliveryWaiting is to be tried: one that was superseded, or has had its tries or its time, has ended by this very call, and is
// answered so that it is told of. An answer that is lost leaves a lease, which runs out.
func (s *Store) TakeDelivery(ctx context.Context, t Taking) (Delivery, bool, error) {
	if s.owner == "" {
		return Delivery{}, false, errors.New("ledger: take a delivery: the ledger was opened without an owner")
	}
	rows, err := s.pool.Query(ctx, `SELECT `+deliveryColumns+` FROM monthend.take_delivery($1, $2, $3, $4)`, s.owner, t.Lease, t.MostTries, t.MostTime)
	if err != nil {
		return Delivery{}, false, fmt.Errorf("ledger: take a delivery: %w", err)
	}
	taken, err := pgx.CollectRows(rows, scanDelivery)
	if err != nil || len(taken) == 0 {
		return Delivery{}, false, wrapUnlessNil(err, "ledger: take a delivery")
	}
	return taken[0], true, nil
}

// RenewDelivery sets the lease of d to its full length from now. ErrFenced: it is another's, or has ended; stop.
func (s *Store) RenewDelivery(ctx context.Context, d Delivery, lease time.Duration) error {
	tag, err := s.pool.Exec(ctx, `
		UPDATE monthend.deliveries SET lease_until = clock_timestamp() + $4::interval
		 WHERE delivery_id = $1 AND token = $2 AND owner = $3 AND state = 'waiting'`, d.ID, d.Token, d.Owner, lease)
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrFenced
	}
	return wrapUnlessNil(err, "ledger: renew delivery %.12s", d.ID)
}

// TryEnd is what became of a try.
type TryEnd struct {
	State   DeliveryState // Delivered, DeliveryFailed, DeliverySkipped, or DeliveryWaiting: tried again after Again
	Err     error
	Again   time.Duration
	Cut     bool // it was cut off by this program's own end, and does not count
	TraceID string
}

// EndTry records what became of a try of d and gives its lease up. ErrFenced: somebody else has taken it since; nothing was
// written. Repeating it is safe.
func (s *Store) EndTry(ctx context.Context, d Delivery, e TryEnd) error {
	word, err := repeat(ctx, func() (string, error) {
		var word string
		err := s.pool.QueryRow(ctx, `SELECT monthend.end_try(@delivery, @token, @owner, @state, @why, @again, @counts, @trace)`, pgx.NamedArgs{
			"delivery": d.ID, "token": d.Token, "owner": d.Owner, "state": e.State, "why": causeText(e.Err), "again": e.Again,
			"counts": !e.Cut, "trace": clip(e.TraceID, maxName)}).Scan(&word)
		return word, err
	})
	if err == nil && word != "done" {
		err = ErrFenced
	}
	return wrapUnlessNil(err, "ledger: end a try of delivery %.12s", d.ID)
}

// RenewTarget has the current version brought once more to the target of d, a delivery of an older version whose deliverer lost its lease
// while it wrote: what it wrote last may lie over what came after it.
func (s *Store) RenewTarget(ctx context.Context, d Delivery) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE monthend.deliveries d
		   SET state = 'waiting', tries = 0, first_at = NULL, next_at = clock_timestamp(), ended_at = NULL
		  FROM monthend.current c
		 WHERE (d.report, d.tenant, d.period) = (@report, @tenant, @period) AND d.target = @target AND d.state = 'delivered'
		   AND (c.report, c.tenant, c.period, c.version) = (d.report, d.tenant, d.period, d.version)`,
		pgx.NamedArgs{"report": d.Report, "tenant": d.Tenant, "period": d.Period, "target": d.Target})
	return wrapUnlessNil(err, "ledger: renew what lies at %q", d.Target)
}
