package trace

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strings"
	"time"
)

const (
	// MaxDocumentSize is the largest document X-Ray takes, in bytes.
	MaxDocumentSize = 64 << 10
	// MaxMergedSize bounds a segment as X-Ray hands it back, its streamed subsegments merged in, in bytes.
	MaxMergedSize = 16 << 20
	// MaxDocumentDepth bounds how deep subsegments may nest; a segment stands at depth 1.
	MaxDocumentDepth = 64
	// maxEpoch is the first second of the year 10000: later times cannot be written as RFC 3339.
	maxEpoch = 253402300800
)

// Document is one X-Ray segment document, or one subsegment inside or beside it. Times are seconds since 1970 as they
// travel; Start and End give them as time.Time.
type Document struct {
	Name         string                                `json:"name"`
	ID           string                                `json:"id"`                  // 16 hexadecimal digits
	TraceID      string                                `json:"trace_id,omitempty"`  // "1-" 8 hex "-" 24 hex; SDKs repeat it in nested subsegments
	ParentID     string                                `json:"parent_id,omitempty"` // in a nested subsegment not to be trusted: nesting is the truth
	Type         string                                `json:"type,omitempty"`      // "subsegment" when sent on its own, else ""
	StartTime    float64                               `json:"start_time"`
	EndTime      float64                               `json:"end_time,omitempty"` // 0 while in progress
	InProgress   bool                                  `json:"in_progress,omitempty"`
	Namespace    string                                `json:"namespace,omitempty"` // "aws", "remote" or ""
	Origin       string                                `json:"origin,omitempty"`
	ResourceARN  string                                `json:"resource_arn,omitempty"`
	User         string                                `json:"user,omitempty"`
	Inferred     bool                                  `json:"inferred,omitempty"` // made up by X-Ray for a called service that sent nothing
	Error        bool                                  `json:"error,omitempty"`
	Fault        bool                                  `json:"fault,omitempty"`
	Throttle     bool                                  `json:"throttle,omitempty"`
	Cause        *Cause                                `json:"cause,omitempty"`
	Annotations  map[string]any                        `json:"annotations,omitempty"` // string, float64 or bool
	Metadata     map[string]map[string]json.RawMessage `json:"metadata,omitempty"`    // namespace → key → any JSON
	HTTP         *HTTP                                 `json:"http,omitempty"`
	AWS          map[string]any                        `json:"aws,omitempty"` // operation, region, request_id, queue_url, xray, …
	SQL          *SQL                                  `json:"sql,omitempty"`
	Service      map[string]any                        `json:"service,omitempty"`
	Links        []Link                                `json:"links,omitempty"`
	PrecursorIDs []string                              `json:"precursor_ids,omitempty"`
	Subsegments  []Document                            `json:"subsegments,omitempty"`
}

// HTTP is the request that a segment served or a subsegment made.
type HTTP struct {
	Request  *HTTPRequest  `json:"request,omitempty"`
	Response *HTTPResponse `json:"response,omitempty"`
}

// HTTPRequest is the asking half; a URL carries no query string.
type HTTPRequest struct {
	Method        string `json:"method,omitempty"`
	URL           string `json:"url,omitempty"`
	UserAgent     string `json:"user_agent,omitempty"`
	ClientIP      string `json:"client_ip,omitempty"`
	XForwardedFor bool   `json:"x_forwarded_for,omitempty"`
	Traced        bool   `json:"traced,omitempty"`
}

// HTTPResponse is the answering half; ContentLength is in bytes, -1 when unknown.
type HTTPResponse struct {
	Status        int   `json:"status,omitempty"`
	ContentLength int64 `json:"content_length,omitempty"`
}

// SQL is one query to a database. SanitizedQuery has placeholders, never values; URL has no password.
type SQL struct {
	ConnectionString string `json:"connection_string,omitempty"`
	URL              string `json:"url,omitempty"`
	SanitizedQuery   string `json:"sanitized_query,omitempty"`
	DatabaseType     string `json:"database_type,omitempty"`
	DatabaseVersion  string `json:"database_version,omitempty"`
	DriverVersion    string `json:"driver_version,omitempty"`
	User             string `json:"user,omitempty"`
	Preparation      string `json:"preparation,omitempty"` // "call" or "statement"
}

// Link names a segment of another trace that this one belongs with.
type Link struct {
	TraceID    string         `json:"trace_id"`
	ID         string         `json:"id"`
	Attributes map[string]any `json:"attributes,omitempty"`
}

// Cause is why a segment failed: the exceptions themselves, or the ID of one that a document below already describes.
type Cause struct {
	ID               string      `json:"-"`
	WorkingDirectory string      `json:"working_directory,omitempty"`
	Paths            []string    `json:"paths,omitempty"`
	Exceptions       []Exception `json:"exceptions,omitempty"`
}

// Exception is one error with the frames it came through, innermost first.
type Exception struct {
	ID        string       `json:"id"`
	Message   string       `json:"message,omitempty"`
	Type      string       `json:"type,omitempty"`
	Remote    bool         `json:"remote,omitempty"`
	Truncated int          `json:"truncated,omitempty"` // frames left off
	Skipped   int          `json:"skipped,omitempty"`   // exceptions left off between this one and the one it caused
	Cause     string       `json:"cause,omitempty"`     // ID of the exception that caused this one
	Stack     []StackFrame `json:"stack,omitempty"`
}

// StackFrame is one line of an exception's stack.
type StackFrame struct {
	Path  string `json:"path,omitempty"`
	Line  int    `json:"line,omitempty"`
	Label string `json:"label,omitempty"`
}

// plainCause is the object form: Cause without its methods.
type plainCause Cause

// UnmarshalJSON takes either form: an exception's ID as a string, or an object.
func (c *Cause) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		*c = Cause{}
		return json.Unmarshal(data, &c.ID)
	}
	return json.Unmarshal(data, (*plainCause)(c))
}

// MarshalJSON writes the ID alone when there is one.
func (c Cause) MarshalJSON() ([]byte, error) {
	if c.ID != "" {
		return json.Marshal(c.ID)
	}
	return json.Marshal(plainCause(c))
}

// Start is when the work began, in UTC, to the microsecond.
func (d Document) Start() time.Time { return fromEpoch(d.StartTime) }

// End is when the work ended, in UTC, to the microsecond; the zero time while it is in progress.
func (d Document) End() time.Time {
	if d.EndTime == 0 {
		return time.Time{}
	}
	return fromEpoch(d.EndTime)
}

// Duration is End less Start, never negative; 0 while the work is in progress.
func (d Document) Duration() time.Duration {
	if d.EndTime <= d.StartTime {
		return 0
	}
	return d.End().Sub(d.Start())
}

// Status is "fault", "throttle", "error" or "ok": the first that is flagged, as X-Ray counts a document with several.
func (d Document) Status() string {
	switch {
	case d.Fault:
		return "fault"
	case d.Throttle:
		return "throttle"
	case d.Error:
		return "error"
	}
	return "ok"
}

// fromEpoch rounds to microseconds: a float64 of today's seconds holds no more.
func fromEpoch(seconds float64) time.Time {
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), 0).Add(time.Duration(math.Round(part*1e6)) * time.Microsecond).UTC()
}

var (
	idPattern      = regexp.MustCompile(`^[0-9a-fA-F]{16}$`)
	traceIDPattern = regexp.MustCompile(`^1-[0-9a-fA-F]{8}-[0-9a-fA-F]{24}$`)
)

// IsTraceID says whether s has the form of a trace id: "1-", 8 and 24 hexadecimal digits with a "-" between.
func IsTraceID(s string) bool { return traceIDPattern.MatchString(s) }

// ErrTraceID is in the chain of the error for a document whose trace_id is not one.
var ErrTraceID = errors.New("not a trace id")

// ParseDocument reads one document as it is sent, at most MaxDocumentSize bytes. It asks for what nothing can be shown
// without (names, ids, start times) and lets the rest be, unknown fields included; Validate holds a document to all rules.
// An error names the field.
func ParseDocument(data []byte) (Document, error) {
	return parseDocument(data, MaxDocumentSize)
}

// ParseMerged reads one segment as X-Ray hands it back, at most MaxMergedSize bytes.
func ParseMerged(data []byte) (Document, error) {
	return parseDocument(data, MaxMergedSize)
}

func parseDocument(data []byte, limit int) (Document, error) {
	if len(data) > limit {
		return Document{}, fmt.Errorf("segment document: %d bytes, more than %d", len(data), limit)
	}
	if data = bytes.TrimSpace(data); len(data) == 0 || data[0] != '{' {
		return Document{}, errors.New("segment document: not a JSON object")
	}
	var d Document
	if err := json.Unmarshal(data, &d); err != nil {
		return Document{}, fmt.Errorf("segment document: %w", inJSON(err))
	}
	if !traceIDPattern.MatchString(d.TraceID) {
		return Document{}, fmt.Errorf("segment document: trace_id %.60q: %w", d.TraceID, ErrTraceID)
	}
	if err := d.check("", 1); err != nil {
		return Document{}, fmt.Errorf("segment document: %w", err)
	}
	return d, nil
}

// inJSON puts a value of the wrong kind into words for who wrote the document, who need not know Go. The value is not told.
func inJSON(err error) error {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return err
	}
	got, _, _ := strings.Cut(wrong.Value, " ") // "number 1e400"
	want := "number"
	switch wrong.Type.Kind() {
	case reflect.String:
		want = "string"
	case reflect.Bool:
		want = "bool"
	case reflect.Slice:
		want = "array"
	case reflect.Map, reflect.Struct:
		want = "object"
	case reflect.Int, reflect.Int64:
		want = "whole number"
	}
	return fmt.Errorf("%s: %s, want %s", cmp.Or(wrong.Field, "a value"), got, want)
}

// check refuses a node that could not be placed in a trace; at is its path in the document, "" or ending in a dot.
func (d *Document) check(at string, depth int) error {
	switch {
	case depth > MaxDocumentDepth:
		return fmt.Errorf("subsegments nest deeper than %d", MaxDocumentDepth)
	case d.Name == "":
		return fmt.Errorf("%sname: missing", at)
	case !idPattern.MatchString(d.ID):
		return fmt.Errorf("%sid %.60q: not 16 hexadecimal digits", at, d.ID)
	case d.StartTime <= 0 || d.StartTime >= maxEpoch:
		return fmt.Errorf("%sstart_time %v: not seconds since 1970", at, d.StartTime)
	case d.EndTime < 0 || d.EndTime >= maxEpoch:
		return fmt.Errorf("%send_time %v: not seconds since 1970", at, d.EndTime)
	}
	for i := range d.Subsegments {
		if err := d.Subsegments[i].check(fmt.Sprintf("%ssubsegments[%d].", at, i), depth+1); err != nil {
			return err
		}
	}
	return nil
}
