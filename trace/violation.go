package trace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"unicode/utf8"
)

// Violation is one rule of X-Ray's segment documents that a document breaks. X-Ray itself says nothing: it drops the part.
type Violation struct {
	TraceID string // "" when nothing could be read
	ID      string // of the document, or of the subsegment in it
	Path    string // of the field, such as "subsegments[2].annotations.bad key"
	Message string
}

// String is one line: where, then what.
func (v Violation) String() string {
	if v.TraceID == "" {
		return v.Path + ": " + v.Message
	}
	return fmt.Sprintf("trace %s: %s: %s: %s", v.TraceID, v.ID, v.Path, v.Message)
}

// The limits of a document, in characters where nothing else is said.
const (
	maxName            = 200
	maxText            = 250
	maxAnnotation      = 1000
	maxAnnotationCount = 50 // that X-Ray indexes, in a trace
	maxLinks           = 20
)

var (
	namePattern          = regexp.MustCompile(`^[\p{L}\p{N}\p{Z}\s_.:/%&#=+\\\-@]+$`)
	annotationKeyPattern = regexp.MustCompile(`^[A-Za-z0-9_]{1,500}$`)
)

// Validate lists every rule that a document breaks, in the order of its nodes and fields; nil when it keeps them all.
func Validate(d Document) []Violation {
	v := &validator{traceID: d.TraceID, seen: map[string]bool{}}
	var data bytes.Buffer
	encoder := json.NewEncoder(&data)
	encoder.SetEscapeHTML(false) // whoever sent it need not have written \u003c for <
	switch err := encoder.Encode(d); {
	case err != nil:
		v.add(d, "", "cannot be encoded: %v", err)
	case data.Len()-1 > MaxDocumentSize: // it ends in a line break
		v.add(d, "", "%d bytes, more than %d", data.Len()-1, MaxDocumentSize)
	}
	if !traceIDPattern.MatchString(d.TraceID) {
		v.add(d, "trace_id", "%.60q is not a trace id", d.TraceID)
	}
	switch {
	case d.Type != "" && d.Type != "subsegment":
		v.add(d, "type", `%.60q is not "subsegment"`, d.Type)
	case d.Type == "subsegment" && d.ParentID == "":
		v.add(d, "parent_id", "missing from a subsegment sent on its own")
	}
	if d.ParentID != "" && !idPattern.MatchString(d.ParentID) {
		v.add(d, "parent_id", "%.60q is not 16 hexadecimal digits", d.ParentID)
	}
	v.node(d, "", 1)
	if v.annotations > maxAnnotationCount {
		v.add(d, "annotations", "%d in one document, X-Ray indexes %d in a trace", v.annotations, maxAnnotationCount)
	}
	return v.found
}

type validator struct {
	traceID     string
	found       []Violation
	seen        map[string]bool // ids of the nodes met so far
	annotations int
}

func (v *validator) add(d Document, path, format string, args ...any) {
	if path == "" {
		path = "document"
	}
	v.found = append(v.found, Violation{TraceID: v.traceID, ID: d.ID, Path: path, Message: fmt.Sprintf(format, args...)})
}

// text reports a string of more than limit characters.
func (v *validator) text(d Document, path, s string, limit int) {
	if n := utf8.RuneCountInString(s); n > limit {
		v.add(d, path, "%d characters, more than %d", n, limit)
	}
}

func (v *validator) node(d Document, at string, depth int) {
	if depth > MaxDocumentDepth {
		v.add(d, at+"subsegments", "nest deeper than %d", MaxDocumentDepth)
		return
	}
	segment := depth == 1 && d.Type != "subsegment"
	v.text(d, at+"name", d.Name, maxName)
	if d.Name == "" {
		v.add(d, at+"name", "missing")
	} else if segment && !namePattern.MatchString(d.Name) {
		v.add(d, at+"name", "%.60q has characters other than letters, digits, spaces and _.:/%%&#=+\\-@", d.Name)
	}
	if !idPattern.MatchString(d.ID) {
		v.add(d, at+"id", "%.60q is not 16 hexadecimal digits", d.ID)
	} else if v.seen[d.ID] {
		v.add(d, at+"id", "%s stands twice in the document", d.ID)
	}
	v.seen[d.ID] = true
	v.times(d, at)
	if d.Namespace != "" && d.Namespace != "aws" && d.Namespace != "remote" {
		v.add(d, at+"namespace", `%.60q is neither "aws" nor "remote"`, d.Namespace)
	}
	v.text(d, at+"user", d.User, maxText)
	v.text(d, at+"origin", d.Origin, maxText)
	v.annotated(d, at)
	v.cause(d, at)
	v.called(d, at, segment)
	v.linked(d, at)
	for i, sub := range d.Subsegments {
		v.node(sub, fmt.Sprintf("%ssubsegments[%d].", at, i), depth+1)
	}
}

func (v *validator) times(d Document, at string) {
	if d.StartTime <= 0 || d.StartTime >= maxEpoch {
		v.add(d, at+"start_time", "%v is not seconds since 1970", d.StartTime)
	}
	switch {
	case d.EndTime == 0 && !d.InProgress:
		v.add(d, at+"end_time", "missing, and the document is not in progress")
	case d.EndTime != 0 && d.InProgress:
		v.add(d, at+"in_progress", "true, and the document has an end_time")
	case d.EndTime != 0 && d.EndTime < d.StartTime:
		v.add(d, at+"end_time", "before start_time")
	}
}

func (v *validator) annotated(d Document, at string) {
	v.annotations += len(d.Annotations)
	for _, key := range slices.Sorted(maps.Keys(d.Annotations)) {
		path := at + "annotations." + key
		if !annotationKeyPattern.MatchString(key) {
			v.add(d, path, "a key is 1 to 500 of A-Z, a-z, 0-9 and _")
		}
		switch value := d.Annotations[key].(type) {
		case string:
			v.text(d, path, value, maxAnnotation)
		case bool, float64, float32, int, int32, int64, uint, uint32, uint64, json.Number:
		default:
			v.add(d, path, "neither a string, a number nor a boolean")
		}
	}
}

func (v *validator) cause(d Document, at string) {
	if d.Cause == nil {
		return
	}
	if d.Cause.ID != "" && !idPattern.MatchString(d.Cause.ID) {
		v.add(d, at+"cause", "%.60q is not 16 hexadecimal digits", d.Cause.ID)
	}
	for i, e := range d.Cause.Exceptions {
		path := fmt.Sprintf("%scause.exceptions[%d].", at, i)
		if !idPattern.MatchString(e.ID) {
			v.add(d, path+"id", "%.60q is not 16 hexadecimal digits", e.ID)
		}
		if e.Cause != "" && !idPattern.MatchString(e.Cause) {
			v.add(d, path+"cause", "%.60q is not 16 hexadecimal digits", e.Cause)
		}
	}
}

// called checks what a document says about the call it served or made.
func (v *validator) called(d Document, at string, segment bool) {
	if d.HTTP != nil && d.HTTP.Request != nil {
		r := d.HTTP.Request
		v.text(d, at+"http.request.method", r.Method, maxText)
		v.text(d, at+"http.request.url", r.URL, maxText)
		v.text(d, at+"http.request.user_agent", r.UserAgent, maxText)
		v.text(d, at+"http.request.client_ip", r.ClientIP, maxText)
		if r.Traced && segment {
			v.add(d, at+"http.request.traced", "belongs to a subsegment")
		}
	}
	if d.HTTP != nil && d.HTTP.Response != nil {
		if s := d.HTTP.Response.Status; s != 0 && (s < 100 || s > 599) {
			v.add(d, at+"http.response.status", "%d is not an HTTP status", s)
		}
	}
	if d.SQL != nil {
		v.text(d, at+"sql.user", d.SQL.User, maxText)
		if p := d.SQL.Preparation; p != "" && p != "call" && p != "statement" {
			v.add(d, at+"sql.preparation", `%.60q is neither "call" nor "statement"`, p)
		}
	}
}

func (v *validator) linked(d Document, at string) {
	if len(d.Links) > maxLinks {
		v.add(d, at+"links", "%d, more than %d", len(d.Links), maxLinks)
	}
	for i, l := range d.Links {
		if !traceIDPattern.MatchString(l.TraceID) || !idPattern.MatchString(l.ID) {
			v.add(d, fmt.Sprintf("%slinks[%d]", at, i), "trace_id and id do not name a segment")
		}
	}
	for i, id := range d.PrecursorIDs {
		if !idPattern.MatchString(id) {
			v.add(d, fmt.Sprintf("%sprecursor_ids[%d]", at, i), "%.60q is not 16 hexadecimal digits", id)
		}
	}
}
