package alert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// letter is the JSON that a recipient gets.
type letter struct {
	Schema           int        `json:"schema"`    // 1
	Event            string     `json:"event"`     // the kind
	Condition        string     `json:"condition"` // the same for one thing, however often it is sent
	Title            string     `json:"title"`     // one line for people
	Report           string     `json:"report"`
	ReportTitle      string     `json:"report_title"`
	Tenant           string     `json:"tenant"`
	Period           string     `json:"period"`
	At               time.Time  `json:"at"`
	Error            string     `json:"error,omitempty"`
	RunID            string     `json:"run_id,omitempty"`
	RequestID        string     `json:"request_id,omitempty"` // of a request that was refused, or of all tenants; it has no run
	Attempt          int        `json:"attempt,omitempty"`
	TraceID          string     `json:"trace_id,omitempty"`
	RecordsExtracted *int64     `json:"records_extracted,omitempty"` // of a run that has ended
	RecordsRejected  *int64     `json:"records_rejected,omitempty"`
	DueAt            *time.Time `json:"due_at,omitempty"`  // of what is missing
	Look             string     `json:"look"`              // the command that shows more
	Rerun            string     `json:"rerun,omitempty"`   // the command that does it again; none of a run that goes on
	Tenants          *tenants   `json:"tenants,omitempty"` // where several of one asking have it in common
}

// tenants are those that one alert is about.
type tenants struct {
	Count int      `json:"count"`
	Of    int      `json:"of"`    // as many were asked for
	First []tenant `json:"first"` // the first few, as they were noted
}

type tenant struct {
	Tenant    string `json:"tenant"`
	Error     string `json:"error,omitempty"`
	RunID     string `json:"run_id,omitempty"`
	RequestID string `json:"request_id,omitempty"`
	TraceID   string `json:"trace_id,omitempty"`
}

// named is how many tenants an alert names: enough to begin with, and a mail that can be read.
const named = 5

// lettersOf are the letter of all conditions of a kind that tenants of a parent have, noted in this order.
func lettersOf(conditions []ledger.Condition, parent ledger.Fanout, reportTitle string) letter {
	first := conditions[0]
	if len(conditions) == 1 {
		return letterOf(first, reportTitle)
	}
	l := letter{
		// Named by the first of them: another alert of the same parent is of others.
		Schema: 1, Event: string(first.Kind), Condition: fmt.Sprintf("%s/%s/%s", first.Kind, parent.RequestID, first.RunID+first.RequestID),
		Title:  fmt.Sprintf("%s %s: %s, %d of %d tenants", parent.Report, parent.Period, happened[first.Kind], len(conditions), parent.Tenants),
		Report: parent.Report, ReportTitle: reportTitle, Period: parent.Period.String(), At: first.NotedAt, Error: first.Why,
		RequestID: parent.RequestID, TraceID: parent.TraceID, Look: "monthend runs show " + parent.RequestID,
		Tenants: &tenants{Count: len(conditions), Of: parent.Tenants},
	}
	if first.Kind != report.AlertSlow {
		l.Rerun = "monthend runs retry " + parent.RequestID
	}
	for _, c := range conditions[:min(named, len(conditions))] {
		l.Tenants.First = append(l.Tenants.First, tenant{c.Key.Tenant, c.Why, c.RunID, c.RequestID, c.TraceID})
	}
	return l
}

func letterOf(c ledger.Condition, reportTitle string) letter {
	l := letter{
		Schema: 1, Event: string(c.Kind), Condition: c.Name, Title: title(c), Report: c.Key.Report, ReportTitle: reportTitle,
		Tenant: c.Key.Tenant, Period: c.Key.Period.String(), At: c.NotedAt, Error: c.Why, RunID: c.RunID, RequestID: c.RequestID,
		Attempt: c.Attempt, TraceID: c.TraceID,
	}
	l.Look, l.Rerun = commands(c)
	if c.RequestID == "" && (c.Kind == report.AlertFailed || c.Kind == report.AlertDataFailed) {
		l.RecordsExtracted, l.RecordsRejected = &c.Extracted, &c.Rejected
	}
	if !c.DueAt.IsZero() {
		l.DueAt = &c.DueAt
	}
	return l
}

func (l letter) encode() ([]byte, error) {
	var data bytes.Buffer
	encoder := json.NewEncoder(&data)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(l)
	return bytes.TrimRight(data.Bytes(), "\n"), err
}

// happened is what each kind says.
var happened = map[report.AlertKind]string{
	report.AlertDataFailed: "the data failed its checks",
	report.AlertFailed:     "the run failed",
	report.AlertSlow:       "the run is slow",
	report.AlertMissed:     "nobody has asked for it",
	report.AlertOverdue:    "it is due and not published",
}

// title is one line for people.
func title(c ledger.Condition) string {
	what := happened[c.Kind]
	if c.RequestID != "" {
		what = "the request was refused"
	}
	return c.Key.String() + ": " + what
}

// commands are what to type: to see more, and to have it done again.
func commands(c ledger.Condition) (look, again string) {
	p := c.Key.Period
	trigger := fmt.Sprintf("monthend trigger %s --month %d --year %d", c.Key.Report, p.Month, p.Year)
	if c.Key.Tenant != "" {
		trigger += " --tenant " + c.Key.Tenant
	}
	if c.RequestID != "" {
		return "monthend runs show " + c.RequestID, trigger
	}
	switch c.Kind {
	case report.AlertMissed:
		return "monthend schedule list", fmt.Sprintf("monthend schedule backfill %s --from %s --to %s", c.Key.Report, p, p)
	case report.AlertOverdue:
		return "monthend runs list --report " + c.Key.Report, trigger
	case report.AlertSlow:
		return "monthend trace " + c.RunID, ""
	}
	return "monthend runs show " + c.RunID, "monthend runs retry " + c.RunID
}
