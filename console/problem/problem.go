// Package problem is an error as it is told over HTTP: RFC 9457's application/problem+json. It stands beside the other rooms
// of the console and imports nothing of ours. It never tells what went wrong inside: that is for the log.
package problem

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
)

// ContentType is of every answer that tells a problem.
const ContentType = "application/problem+json"

// Prefix begins the type of every problem; a Kind's slug is the rest.
const Prefix = "urn:monthend:problem:"

// Kind is a sort of problem, by which a program tells one from another.
type Kind struct {
	Slug   string
	Status int
	Title  string // says the same for every problem of the kind
}

// The kinds that any handler may answer with.
var (
	Malformed        = Kind{"malformed", http.StatusBadRequest, "The request cannot be read"}
	Unauthorized     = Kind{"unauthorized", http.StatusUnauthorized, "A valid bearer token is needed"}
	Forbidden        = Kind{"forbidden", http.StatusForbidden, "The token does not allow this"}
	CrossSite        = Kind{"cross-site", http.StatusForbidden, "Requests from other sites are refused"}
	NotFound         = Kind{"not-found", http.StatusNotFound, "There is no such thing"}
	MethodNotAllowed = Kind{"method-not-allowed", http.StatusMethodNotAllowed, "The method is not allowed here"}
	Conflict         = Kind{"conflict", http.StatusConflict, "What is there does not allow this"}
	Changed          = Kind{"changed", http.StatusPreconditionFailed, "What is there is not what the request expects"}
	Range            = Kind{"range", http.StatusRequestedRangeNotSatisfiable, "The range lies outside"}
	TooLarge         = Kind{"too-large", http.StatusRequestEntityTooLarge, "The body is too large"}
	MediaType        = Kind{"media-type", http.StatusUnsupportedMediaType, "The body is not of a type that is taken"}
	Misdirected      = Kind{"misdirected", http.StatusMisdirectedRequest, "The host is not served here"}
	Invalid          = Kind{"invalid", http.StatusUnprocessableEntity, "The request asks for something that cannot be"}
	KeyReused        = Kind{"key-reused", http.StatusUnprocessableEntity, "The idempotency key stands for another request"}
	TooMany          = Kind{"too-many", http.StatusTooManyRequests, "Too many requests"}
	Internal         = Kind{"internal", http.StatusInternalServerError, "Something went wrong here"}
	Unavailable      = Kind{"unavailable", http.StatusServiceUnavailable, "Something needed does not answer"}
	Busy             = Kind{"busy", http.StatusServiceUnavailable, "Too much is being done at once"}
)

// Kinds are all of them, for who documents them.
var Kinds = []Kind{Malformed, Unauthorized, Forbidden, CrossSite, NotFound, MethodNotAllowed, Conflict, Changed, Range, TooLarge, MediaType,
	Misdirected, Invalid, KeyReused, TooMany, Internal, Unavailable, Busy}

// Problem is one problem. It is an error, so a handler may return it.
type Problem struct {
	Kind       Kind
	Detail     string            // what this one is, in a line for people; never what came from inside
	Field      string            // of the body or the query, where one is wrong
	Checks     map[string]string // of readyz: what does not answer
	RetryAfter int               // seconds; 0 is not told
}

// New is a problem of the kind.
func New(kind Kind, detail string) *Problem { return &Problem{Kind: kind, Detail: detail} }

// Wrong is a field that cannot be what it is.
func Wrong(field, detail string) *Problem {
	return &Problem{Kind: Invalid, Field: field, Detail: detail}
}

func (p *Problem) Error() string { return p.Kind.Slug + ": " + p.Detail }

// body is a problem on the wire.
type body struct {
	Type    string            `json:"type"`
	Title   string            `json:"title"`
	Status  int               `json:"status"`
	Detail  string            `json:"detail,omitempty"`
	Field   string            `json:"field,omitempty"`
	Checks  map[string]string `json:"checks,omitempty"`
	TraceID string            `json:"trace_id,omitempty"`
}

// Write answers with p. trace is the id of the request's trace, "" for none.
func Write(w http.ResponseWriter, p *Problem, trace string) {
	text, err := json.Marshal(body{Prefix + p.Kind.Slug, p.Kind.Title, p.Kind.Status, p.Detail, p.Field, p.Checks, trace})
	if err != nil { // not reached: they are texts and a number
		text = []byte("{}")
	}
	h := w.Header()
	for _, of := range []string{"Content-Disposition", "Content-Encoding", "ETag", "Last-Modified", "Location", "Accept-Ranges"} {
		h.Del(of) // of the answer that was begun
	}
	h.Set("Content-Type", ContentType)
	h.Set("Content-Length", strconv.Itoa(len(text)))
	h.Set("Cache-Control", "no-store")
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	if p.Kind.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="monthend"`)
	}
	w.WriteHeader(p.Kind.Status)
	_, _ = w.Write(text) // who went away is told nothing
}

// Of is the problem in err's chain, nil when there is none.
func Of(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	return nil
}
