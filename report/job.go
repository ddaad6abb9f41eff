package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// JobVersion is the version of the job message that this package writes and reads. Any new field raises it.
const JobVersion = 1

// PreviousMonthName stands in a job for the month before its scheduled time.
const PreviousMonthName = "previous-month"

// Bounds on what a job may hold, in bytes (body) and runes (texts).
const (
	MaxJobSize   = 64 << 10
	maxJobText   = 1000
	maxJobNameID = 128
)

// Job asks for one report of one period.
type Job struct {
	Report      string
	Tenant      string    // "" for none
	Period      string    // YYYY-MM, or previous-month, which needs ScheduledAt
	Restate     bool      // read the source again even when the period is published; needs Reason
	Reason      string    // only with Restate
	Schedule    string    // what asked, such as the ARN of a schedule; needs ScheduledAt
	ScheduledAt time.Time // when it was due; zero for none
	RequestedBy string
	Retry       string // the id of a run to attempt again
	RequestID   string // see ID
}

// jobBody is the message as it is written: the order of the fields is the order on the wire.
type jobBody struct {
	V           int        `json:"v"`
	Report      string     `json:"report"`
	Period      string     `json:"period"`
	Tenant      string     `json:"tenant,omitempty"`
	Restate     bool       `json:"restate,omitempty"`
	Reason      string     `json:"reason,omitempty"`
	Schedule    string     `json:"schedule,omitempty"`
	ScheduledAt *time.Time `json:"scheduled_at,omitempty"`
	RequestedBy string     `json:"requested_by,omitempty"`
	Retry       string     `json:"retry,omitempty"`
	RequestID   string     `json:"request_id,omitempty"`
}

// Encode writes the job as a message of version 1. A job that DecodeJob would refuse is an error here already.
func (j Job) Encode() ([]byte, error) {
	if field, err := j.Check(); err != nil {
		return nil, fmt.Errorf("encode job: field %q: %w", field, err)
	}
	body := jobBody{
		V: JobVersion, Report: j.Report, Period: j.Period, Tenant: j.Tenant, Restate: j.Restate, Reason: j.Reason,
		Schedule: j.Schedule, RequestedBy: j.RequestedBy, Retry: j.Retry, RequestID: j.RequestID,
	}
	if !j.ScheduledAt.IsZero() {
		at := j.ScheduledAt.UTC()
		body.ScheduledAt = &at
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return nil, fmt.Errorf("encode job: %w", err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// ID is the id of the request: the job's own, else one made of what the schedule said, so that every delivery and every
// attempt of a schedule at one time is one request, else the id of the message that carried it.
func (j Job) ID(messageID string) string {
	if j.RequestID != "" {
		return j.RequestID
	}
	if j.Schedule == "" {
		return messageID
	}
	// A newline cannot occur in any of the four, so the joined text is unambiguous.
	sum := sha256.Sum256([]byte(j.Schedule + "\n" + j.ScheduledAt.UTC().Format(time.RFC3339Nano) + "\n" + j.Report + "\n" + j.Tenant))
	return hex.EncodeToString(sum[:])
}

// ResolvePeriod is the period that the job asks for; previous-month is taken from ScheduledAt in loc, the zone of the definition.
func (j Job) ResolvePeriod(loc *time.Location) (Period, error) {
	if j.Period != PreviousMonthName {
		return ParsePeriod(j.Period)
	}
	if j.ScheduledAt.IsZero() {
		return Period{}, errors.New(`period "previous-month" needs scheduled_at`)
	}
	p := PreviousMonth(j.ScheduledAt, loc)
	return NewPeriod(p.Year, int(p.Month))
}

// Check is the one place for rules about values, so that what Encode writes DecodeJob takes. It says which field is wrong and why; nil when the job may be sent and worked.
func (j Job) Check() (field string, err error) {
	switch {
	case !ValidName(j.Report):
		return "report", fmt.Errorf("%q is not a report name (1 to 48 of a-z, 0-9 and -)", clip(j.Report))
	case j.Tenant != "" && !ValidTenant(j.Tenant):
		return "tenant", fmt.Errorf("%q is not a tenant (1 to 64 letters, digits, '.', '_' and '-')", clip(j.Tenant))
	case j.Restate && j.Reason == "":
		return "reason", errors.New("a restatement needs a reason")
	case !j.Restate && j.Reason != "":
		return "reason", errors.New("a reason is given without restate")
	case !j.ScheduledAt.IsZero() && (j.ScheduledAt.UTC().Year() < 1900 || j.ScheduledAt.UTC().Year() > 9999):
		return "scheduled_at", errors.New("the year is not between 1900 and 9999")
	case j.Schedule != "" && j.ScheduledAt.IsZero():
		return "scheduled_at", errors.New("a schedule needs the time it was due")
	}
	if j.Period == PreviousMonthName {
		if j.ScheduledAt.IsZero() {
			return "scheduled_at", errors.New(`period "previous-month" needs the time it was due`)
		}
	} else if _, err := ParsePeriod(j.Period); err != nil {
		return "period", fmt.Errorf("%q is neither YYYY-MM nor previous-month", clip(j.Period))
	}
	for _, text := range []struct{ field, value string }{
		{"reason", j.Reason}, {"schedule", j.Schedule}, {"requested_by", j.RequestedBy},
	} {
		if err := checkText(text.value); err != nil {
			return text.field, err
		}
	}
	for _, id := range []struct{ field, value string }{{"retry", j.Retry}, {"request_id", j.RequestID}} {
		if err := checkID(id.value); err != nil {
			return id.field, err
		}
	}
	return "", nil
}

// checkText refuses what would break a line of a log, a table or a page.
func checkText(s string) error {
	if !utf8.ValidString(s) {
		return errors.New("not valid UTF-8")
	}
	if n := utf8.RuneCountInString(s); n > maxJobText {
		return fmt.Errorf("%d characters, at most %d are allowed", n, maxJobText)
	}
	for _, r := range s {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return fmt.Errorf("control character %U", r)
		}
	}
	return nil
}

// checkID allows what SQS allows in a deduplication id.
func checkID(s string) error {
	if len(s) > maxJobNameID {
		return fmt.Errorf("%d characters, at most %d are allowed", len(s), maxJobNameID)
	}
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' {
			return errors.New("only visible ASCII characters are allowed")
		}
	}
	return nil
}

// clip bounds a foreign text for an error message.
func clip(s string) string {
	const most = 64 // bytes
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…" // the cut may go through a character
}
