package httptrace

import (
	"net/http"
	"strconv"

	"github.com/monthend/monthend/trace"
)

// Answer notes what is answered on its way out through a ResponseWriter: what a trace and a log tell of it.
type Answer struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// Status is the status that was answered, 0 while there is none.
func (a *Answer) Status() int { return a.status }

// Bytes is how much of a body was written.
func (a *Answer) Bytes() int64 { return a.bytes }

// Unwrap lets http.ResponseController reach what the server can do beyond writing.
func (a *Answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// WriteHeader notes the first status that is an answer.
func (a *Answer) WriteHeader(status int) {
	if a.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) { // other 1xx come before the answer
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write notes how much was written, and the status that it stands for where none was given.
func (a *Answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(p)
	a.bytes += int64(n)
	return n, err
}

func (a *Answer) told() *trace.HTTPResponse {
	told := &trace.HTTPResponse{Status: a.status, ContentLength: a.bytes}
	if a.status == 0 {
		told.Status = http.StatusOK // nothing was written: the server says so
	}
	if length, err := strconv.ParseInt(a.Header().Get("Content-Length"), 10, 64); err == nil && length >= 0 {
		told.ContentLength = length
	}
	return told
}
