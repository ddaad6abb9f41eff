package alert

import (
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// Missing is a period that should be there and is not: nobody has asked for it, or nobody has published it.
type Missing struct {
	Kind     report.AlertKind // AlertMissed or AlertOverdue
	Schedule string           // of AlertMissed: what the schedule is remembered by
	Report   string
	Period   report.Period
	DueAt    time.Time
}

// condition has the same name each time that it is found.
func (m Missing) condition() ledger.Condition {
	of, why := m.Report, "the report had to be published by "+m.DueAt.UTC().Format(time.RFC3339)+" and is not"
	if m.Kind == report.AlertMissed {
		of, why = m.Schedule, "the report was due at "+m.DueAt.UTC().Format(time.RFC3339)+" and no scheduler has asked for it"
	}
	return ledger.Condition{
		Name: string(m.Kind) + "/" + of + "/" + m.Period.String(), Kind: m.Kind, Why: why, DueAt: m.DueAt,
		Key: report.Key{Report: m.Report, Period: m.Period},
	}
}
