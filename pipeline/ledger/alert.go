package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/monthend/monthend/report"
)

// Alert is something that happened, to be told to somebody outside, once: a second alert of one condition to one recipient is
// not posted, whoever posts it and whenever.
type Alert struct {
	Condition  string     // what happened, such as "failed/run_06f3m8k2v0tq7y5c9b1d4e6g8h"
	Key        report.Key // of the month it is about; any part may be empty
	RunID      string     // that it tells of; "" for none
	Title      string     // one line for people: the subject of a mail
	Body       []byte     // JSON, sent as it stands
	Recipients []report.Delivery
}

// MaxAlertBody bounds the body of an alert, in bytes.
const MaxAlertBody = 256 << 10

// PostAlert writes one delivery a recipient, due at once, and reports whether any of them was new. The deliverer brings them as it
// brings versions.
func (s *Store) PostAlert(ctx context.Context, a Alert) (bool, error) {
	args, err := a.rows()
	if err != nil {
		return false, fmt.Errorf("ledger: post an alert: %w", err)
	}
	if len(a.Recipients) == 0 {
		return false, nil
	}
	posted, err := repeat(ctx, func() (int64, error) {
		tag, err := s.pool.Exec(ctx, insertAlert, args)
		return tag.RowsAffected(), err
	})
	if err != nil {
		return false, fmt.Errorf("ledger: post alert %q: %w", a.Condition, err)
	}
	return posted > 0, nil
}

// TellTogether tells of everything of a kind that nobody has been told of yet among the tenants of a parent, in one alert: letter
// makes it, of the conditions in the order of their noting. Alert and record are one transaction, so however many try at once, each condition
// is told once. It answers how many were; 0 is that another was faster.
func (s *Store) TellTogether(ctx context.Context, parent string, kind report.AlertKind, letter func([]Condition) (Alert, error)) (told int, err error) {
	told, err = repeat(ctx, func() (int, error) {
		n := 0
		err := s.long(ctx, func(tx pgx.Tx) error {
			rows, err := tx.Query(ctx, selectConditions+`
				 WHERE parent = $1 AND parent <> '' AND kind = $2 AND told_at IS NULL
				 ORDER BY noted_at, condition FOR UPDATE`, parent, kind)
			if err != nil {
				return err
			}
			conditions, err := pgx.CollectRows(rows, scanCondition)
			if n = len(conditions); err != nil || n == 0 {
				return err
			}
			a, err := letter(conditions)
			if err != nil {
				return err
			}
			args, err := a.rows()
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, insertAlert, args); err != nil {
				return err
			}
			names := make([]string, n)
			for i, c := range conditions {
				names[i] = c.Name
			}
			_, err = tx.Exec(ctx, `UPDATE monthend.conditions SET told_at = clock_timestamp(), recipients = $2 WHERE condition = ANY ($1)`,
				names, len(a.Recipients))
			return err
		})
		return n, err
	})
	return told, wrapUnlessNil(err, "ledger: tell what went wrong with the tenants of request %q", parent)
}

const insertAlert = `
	INSERT INTO monthend.deliveries (delivery_id, kind, report, tenant, period, run_id, condition, title, body, recipient, target, state, next_at, created_at)
	SELECT r.id, 'alert', @report, @tenant, @period, @run, @condition, @title, @body, r.recipient, r.target, 'waiting', clock_timestamp(), clock_timestamp()
	  FROM jsonb_to_recordset(@recipients::jsonb) AS r (id text, recipient jsonb, target text)
	    ON CONFLICT (delivery_id) DO NOTHING`

// rows are the arguments of insertAlert.
func (a Alert) rows() (pgx.NamedArgs, error) {
	switch {
	case a.Condition == "" || a.Condition != clip(a.Condition, maxText):
		return nil, fmt.Errorf("its condition of %d bytes is not a text of 1 to %d", len(a.Condition), maxText)
	case !json.Valid(a.Body) || len(a.Body) > MaxAlertBody:
		return nil, fmt.Errorf("the body of %q, %d bytes, is not JSON of at most %d", a.Condition, len(a.Body), MaxAlertBody)
	}
	recipients, err := recipientRows(a.Recipients, a.Condition)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", a.Condition, err)
	}
	period := ""
	if !a.Key.Period.IsZero() {
		period = a.Key.Period.String()
	}
	return pgx.NamedArgs{"report": a.Key.Report, "tenant": a.Key.Tenant, "period": period, "run": clip(a.RunID, maxName), "condition": a.Condition,
		"title": clip(a.Title, maxName), "body": string(a.Body), "recipients": recipients}, nil
}

// recipientRows are the recipients of a subject as publish and PostAlert take them: a JSON list.
func recipientRows(recipients []report.Delivery, subject string) (string, error) {
	type row struct {
		ID        string          `json:"id"`
		Recipient report.Delivery `json:"recipient"`
		Target    string          `json:"target"`
	}
	rows := []row{}
	for _, r := range recipients {
		if r.Directory == "" && r.Webhook == nil && r.Email == nil {
			return "", errors.New("a recipient without an address")
		}
		rows = append(rows, row{r.IdempotencyKey(subject), r, r.Target()})
	}
	data, err := json.Marshal(rows)
	return string(data), err
}
