package api

import (
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
)

// run is one run as lists show it.
type run struct {
	RunID       string     `json:"run_id"`
	Report      string     `json:"report"`
	Period      string     `json:"period"`
	Tenant      string     `json:"tenant,omitempty"`
	Status      string     `json:"status"`
	Restate     bool       `json:"restate,omitempty"`
	Reason      string     `json:"reason,omitempty"`
	RequestedBy string     `json:"requested_by,omitempty"`
	Attempt     int        `json:"attempt"`
	Version     int        `json:"version,omitempty"`
	Extracted   int64      `json:"records_extracted"`
	Rejected    int64      `json:"records_rejected"`
	Stage       string     `json:"stage,omitempty"`
	TraceID     string     `json:"trace_id,omitempty"`
	Error       string     `json:"error,omitempty"`
	CreatedAt   time.Time  `json:"created_at"`
	EndedAt     *time.Time `json:"ended_at,omitempty"`
}

func newRun(r ledger.Run) run {
	shown := run{
		RunID: r.RunID, Report: r.Key.Report, Period: r.Key.Period.String(), Tenant: r.Key.Tenant, Status: status(r), Restate: r.Restate,
		Reason: r.Reason, RequestedBy: r.RequestedBy, Attempt: r.Attempt, Version: r.Version, Extracted: r.RecordsExtracted,
		Rejected: r.RecordsRejected, Stage: r.Stage, TraceID: r.TraceID, Error: r.Error, CreatedAt: r.CreatedAt.UTC(), EndedAt: stamp(r.EndedAt),
	}
	if shown.EndedAt != nil {
		shown.Stage = ""
	}
	return shown
}

// The states of what has no outcome.
const (
	queued  = "queued"  // no worker has met it yet
	waiting = "waiting" // nobody works on it now
	running = "running"
)

// status is the outcome of a run, or what it does while it has none.
func status(r ledger.Run) string {
	switch {
	case r.Outcome != "":
		return string(r.Outcome)
	case r.Running:
		return running
	}
	return waiting
}

// request is one asking.
type request struct {
	RequestID   string     `json:"request_id"`
	Status      string     `json:"status"`
	Report      string     `json:"report,omitempty"`
	Period      string     `json:"period,omitempty"`
	Tenant      string     `json:"tenant,omitempty"`
	Restate     bool       `json:"restate,omitempty"`
	Reason      string     `json:"reason,omitempty"`
	RequestedBy string     `json:"requested_by,omitempty"`
	Schedule    string     `json:"schedule,omitempty"`
	RunID       string     `json:"run_id,omitempty"`
	Error       string     `json:"error,omitempty"`
	CreatedAt   time.Time  `json:"created_at"`
	EndedAt     *time.Time `json:"ended_at,omitempty"`
}

func newRequest(r ledger.Request, of *ledger.Run) request {
	shown := request{
		RequestID: r.RequestID, Status: string(r.Outcome), Report: r.Report, Period: r.Period, Tenant: r.Tenant, Restate: r.Restate,
		Reason: r.Reason, RequestedBy: r.RequestedBy, Schedule: r.Schedule, RunID: r.RunID, Error: r.Error, CreatedAt: r.CreatedAt.UTC(), EndedAt: stamp(r.EndedAt),
	}
	switch {
	case shown.Status != "":
	case of != nil && of.Running:
		shown.Status = running
	default:
		shown.Status = waiting
	}
	return shown
}

// attempt is one attempt of a run.
type attempt struct {
	Attempt   int        `json:"attempt"`
	Outcome   string     `json:"outcome,omitempty"`
	TraceID   string     `json:"trace_id,omitempty"`
	Error     string     `json:"error,omitempty"`
	StartedAt time.Time  `json:"started_at"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
}

func newAttempt(t ledger.Attempt) attempt {
	shown := attempt{
		Attempt: t.Number, Outcome: string(t.Outcome), TraceID: t.TraceID, Error: t.Error, StartedAt: t.StartedAt.UTC(), EndedAt: stamp(t.EndedAt),
	}
	switch {
	case t.Crashed:
		shown.Outcome = "crashed"
	case shown.Outcome == "" && shown.EndedAt != nil:
		shown.Outcome = "released"
	}
	return shown
}
