package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
)

// The states of an approval as lists show them.
const (
	approvalGiven   = "approved"
	approvalAwaited = "awaited"
)

// approvalLine is who approved the version of a run, or that somebody has to.
type approvalLine struct {
	Approval   string     `json:"approval,omitempty"` // approved or awaited; "" where nobody asks for one
	ApprovedBy string     `json:"approved_by,omitempty"`
	ApprovedAt *time.Time `json:"approved_at,omitempty"`
}

func newApprovalLine(approvals map[string]ledger.Approval, runID string) approvalLine {
	got, ok := approvals[runID]
	switch {
	case !ok:
		return approvalLine{}
	case got.By == "":
		return approvalLine{Approval: approvalAwaited}
	}
	return approvalLine{Approval: approvalGiven, ApprovedBy: got.By, ApprovedAt: &got.At}
}

// approvalsOf reads the approvals of the versions of runs.
func approvalsOf(ctx context.Context, books *ledger.Store, runs []ledger.Run) (map[string]ledger.Approval, error) {
	ids := make([]string, len(runs))
	for i, r := range runs {
		ids[i] = r.RunID
	}
	approvals, err := books.Approvals(ctx, ids...)
	if err != nil {
		return nil, unavailable("", "list the runs: %w", err)
	}
	return approvals, nil
}

// deliveries counts them in words.
func deliveries(n int) string {
	if n == 1 {
		return "1 delivery"
	}
	return count(int64(n)) + " deliveries"
}

// deliveryLine is one delivery of a run's version, or an alert that tells of the run.
type deliveryLine struct {
	Delivery  string               `json:"delivery"` // its id, which is the idempotency key
	Kind      ledger.DeliveryKind  `json:"kind"`
	Condition string               `json:"condition,omitempty"` // of an alert
	To        string               `json:"to"`
	State     ledger.DeliveryState `json:"state"`
	Tries     int                  `json:"tries"`
	Next      *time.Time           `json:"next_at,omitempty"`
	Ended     *time.Time           `json:"ended_at,omitempty"`
	TraceID   string               `json:"trace_id,omitempty"`
	Error     string               `json:"error,omitempty"`
}

func newDeliveryLine(d ledger.Delivery) deliveryLine {
	line := deliveryLine{Delivery: d.ID, Kind: d.Kind, Condition: d.Condition, To: d.Target, State: d.State, Tries: d.Tries, TraceID: d.TraceID, Error: d.Error}
	if d.State == ledger.DeliveryWaiting {
		line.Next = &d.NextAt
	}
	if !d.EndedAt.IsZero() {
		line.Ended = &d.EndedAt
	}
	return line
}

// loadDeliveries reads what a run's version has to do with the world outside.
func loadDeliveries(ctx context.Context, books *ledger.Store, shown *runShown) error {
	approvals, err := books.Approvals(ctx, shown.RunID)
	if err != nil {
		return unavailable("", "show run %q: %w", shown.RunID, err)
	}
	shown.approvalLine = newApprovalLine(approvals, shown.RunID)
	deliveries, err := books.Deliveries(ctx, shown.RunID)
	if err != nil {
		return unavailable("", "show run %q: %w", shown.RunID, err)
	}
	for _, d := range deliveries {
		shown.Deliveries = append(shown.Deliveries, newDeliveryLine(d))
	}
	return nil
}

// text is the delivery in one line: state, recipient, and what there is to know of it.
func (d deliveryLine) text() string {
	parts := []string{fmt.Sprintf("%-9s  %s", d.State, d.To)}
	if d.Kind == ledger.DeliveryOfAlert {
		kind, _, _ := strings.Cut(d.Condition, "/")
		parts = append(parts, "alert "+kind)
	}
	if d.Tries > 0 {
		parts = append(parts, fmt.Sprintf("try %d", d.Tries))
	}
	if d.Next != nil && d.Tries > 0 {
		parts = append(parts, "next "+d.Next.Format(time.RFC3339))
	}
	if d.Error != "" {
		parts = append(parts, oneLine(d.Error))
	}
	return strings.Join(parts, "  ")
}

// text is the approval in one line.
func (l approvalLine) text() string {
	if l.Approval == approvalGiven {
		return fmt.Sprintf("approved by %s at %s", l.ApprovedBy, l.ApprovedAt.Format(time.RFC3339))
	}
	return l.Approval
}
