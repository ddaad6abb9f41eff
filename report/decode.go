package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"
)

// UnknownVersionError is a job of a version that this worker does not know; a newer worker may.
type UnknownVersionError struct{ V int }

// Error names both versions.
func (e *UnknownVersionError) Error() string {
	return fmt.Sprintf("job version %d is not known (this is a worker for version %d)", e.V, JobVersion)
}

// jobField is one member of the body's object; at is the offset of its value in bytes, keyAt that of its name.
type jobField struct {
	name      string
	raw       json.RawMessage
	at, keyAt int64
}

// DecodeJob reads the body of a message. The version is read first: a body of another version gives *UnknownVersionError
// whatever else it holds. A body of version 1 is read strictly; any other error means a bad job and says in one line
// which field is wrong and at which byte of the body.
func DecodeJob(body []byte) (Job, error) {
	fields, err := jobFields(body)
	if err != nil {
		return Job{}, fmt.Errorf("bad job: %w", err)
	}
	version, err := jobVersion(fields)
	if err != nil {
		return Job{}, fmt.Errorf("bad job: %w", err)
	}
	if version != JobVersion {
		return Job{}, &UnknownVersionError{V: version}
	}
	var job Job
	places := map[string]int64{}
	for _, f := range fields {
		if _, twice := places[f.name]; twice {
			return Job{}, fmt.Errorf("bad job: field %q at offset %d: given twice", f.name, f.keyAt)
		}
		places[f.name] = f.at
		if err := job.set(f); err != nil {
			return Job{}, fmt.Errorf("bad job: %w", err)
		}
	}
	if field, err := job.Check(); err != nil {
		// A field that is missing has no place; the end of the body is where it could still have come.
		at, given := places[field]
		if !given {
			return Job{}, fmt.Errorf("bad job: field %q is missing at offset %d: %w", field, len(body), err)
		}
		return Job{}, fmt.Errorf("bad job: field %q at offset %d: %w", field, at, err)
	}
	return job, nil
}

// jobFields takes the body apart without judging the fields, so that the version can be looked up first.
func jobFields(body []byte) ([]jobField, error) {
	if len(body) > MaxJobSize {
		return nil, fmt.Errorf("body of %d bytes, at most %d are allowed", len(body), MaxJobSize)
	}
	if !utf8.Valid(body) {
		return nil, fmt.Errorf("body is not valid UTF-8 at offset %d", invalidAt(body))
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	open, err := dec.Token()
	if err != nil {
		return nil, syntax(err, dec, "body")
	}
	if open != json.Delim('{') {
		return nil, errors.New("body at offset 0: want a JSON object")
	}
	var fields []jobField
	for dec.More() {
		keyAt := valueStart(body, dec.InputOffset())
		key, err := dec.Token()
		if err != nil {
			return nil, syntax(err, dec, "body")
		}
		f := jobField{name: key.(string), keyAt: keyAt, at: valueStart(body, dec.InputOffset())}
		if err := dec.Decode(&f.raw); err != nil {
			return nil, syntax(err, dec, fmt.Sprintf("field %q", clip(f.name)))
		}
		fields = append(fields, f)
	}
	if _, err := dec.Token(); err != nil {
		return nil, syntax(err, dec, "body")
	}
	// The decoder stops after the first value and would leave what follows unread.
	if end := dec.InputOffset(); len(bytes.TrimLeft(body[end:], " \t\r\n")) > 0 {
		return nil, fmt.Errorf("body at offset %d: data after the object", end)
	}
	return fields, nil
}

// jobVersion reads v, which must stand exactly once.
func jobVersion(fields []jobField) (int, error) {
	version := 0
	for _, f := range fields {
		if f.name != "v" {
			continue
		}
		if version != 0 {
			return 0, fmt.Errorf(`field "v" at offset %d: given twice`, f.keyAt)
		}
		// By digits, not through a float: 1.0 and 1e0 are no versions.
		n, err := strconv.ParseUint(string(f.raw), 10, 31)
		if err != nil || n == 0 {
			return 0, fmt.Errorf(`field "v" at offset %d: want a whole number from 1`, f.at)
		}
		version = int(n)
	}
	if version == 0 {
		return 0, errors.New(`field "v" is missing at offset 0: every job says its version`)
	}
	return version, nil
}

// set stores one field of version 1. Names are compared exactly: "Report" is not "report". An empty text is refused rather than
// taken for none: it comes from a template that was not filled in.
func (j *Job) set(f jobField) error {
	texts := map[string]*string{
		"report": &j.Report, "period": &j.Period, "tenant": &j.Tenant, "reason": &j.Reason, "schedule": &j.Schedule,
		"requested_by": &j.RequestedBy, "retry": &j.Retry, "request_id": &j.RequestID,
	}
	fail := func(want string) error {
		return fmt.Errorf("field %q at offset %d: %s", f.name, f.at, want)
	}
	if text, ok := texts[f.name]; ok {
		if f.raw[0] != '"' || json.Unmarshal(f.raw, text) != nil {
			return fail("want a string")
		}
		if *text == "" {
			return fail("empty; leave it out")
		}
		return nil
	}
	switch f.name {
	case "v":
		return nil
	case "restate":
		if f.raw[0] == 'n' || json.Unmarshal(f.raw, &j.Restate) != nil {
			return fail("want true or false")
		}
		return nil
	case "scheduled_at":
		var text string
		if f.raw[0] != '"' || json.Unmarshal(f.raw, &text) != nil {
			return fail("want a string")
		}
		var at time.Time
		if err := at.UnmarshalText([]byte(text)); err != nil {
			return fail(fmt.Sprintf("%q is not a time of the form 2006-01-02T15:04:05Z (RFC 3339)", clip(text)))
		}
		if at.Year() < 1900 {
			return fail("the year is not between 1900 and 9999")
		}
		j.ScheduledAt = at.UTC()
		return nil
	}
	return fmt.Errorf("field %q at offset %d: not known in version %d", clip(f.name), f.keyAt, JobVersion)
}

// syntax says where the body stops being JSON, in one line.
func syntax(err error, dec *json.Decoder, what string) error {
	at := dec.InputOffset()
	var broken *json.SyntaxError
	if errors.As(err, &broken) && broken.Offset > at {
		at = broken.Offset
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%s at offset %d: not JSON: it ends too early", what, at)
	}
	return fmt.Errorf("%s at offset %d: not JSON: %w", what, at, err)
}

// valueStart skips white space and the ':' or ',' before the next token.
func valueStart(body []byte, from int64) int64 {
	for from < int64(len(body)) {
		switch body[from] {
		case ' ', '\t', '\r', '\n', ':', ',':
			from++
		default:
			return from
		}
	}
	return from
}

// invalidAt is the offset of the first byte that is not UTF-8.
func invalidAt(body []byte) int {
	at := 0
	for at < len(body) {
		r, size := utf8.DecodeRune(body[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return at
}
