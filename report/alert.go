package report

// AlertKind is something that somebody outside may want to hear of.
type AlertKind string

// The kinds.
const (
	AlertDataFailed AlertKind = "data_failed" // a run's data failed its gate
	AlertFailed     AlertKind = "failed"      // a run was given up
	AlertSlow       AlertKind = "slow"        // a run takes longer than slow_after
	AlertMissed     AlertKind = "missed"      // a period of a schedule was due and nobody has asked for it
	AlertOverdue    AlertKind = "overdue"     // a period had to be published by due_by and is not
)

// AlertKinds are all of them.
var AlertKinds = []AlertKind{AlertDataFailed, AlertFailed, AlertSlow, AlertMissed, AlertOverdue}

// Alert is one recipient and what is to be told to him.
type Alert struct {
	To Delivery    // a webhook or an address
	On []AlertKind // in the order of AlertKinds, at least one
}
