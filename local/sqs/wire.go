package sqs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	contentType = "application/x-amz-json-1.0"
	target      = "AmazonSQS."

	// maxRequest bounds a request body in bytes: a full batch of 1 MiB whose every character is escaped as \uXXXX.
	maxRequest  = 8 << 20
	bodyTimeout = 30 * time.Second
)

// serve answers one request: POST, the operation in X-Amz-Target, JSON in and out, whatever the path.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("x-amzn-RequestId", s.cfg.NewID())
	w.Header().Set("Date", s.cfg.Clock().UTC().Format(http.TimeFormat)) // by which clients judge their own clock
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "only the AWS JSON 1.0 protocol is spoken here: POST with X-Amz-Target", http.StatusMethodNotAllowed)
		return
	}
	name, body, err := read(w, r)
	if err != nil {
		refuse(w, err)
		return
	}
	strike := s.strike(name, body)
	if err := strike.refusal(); err != nil {
		refuse(w, err)
		return
	}
	answer, err := operations[name](r.Context(), s, r.Header, body)
	if strike.delay > 0 {
		s.pause(r.Context(), nil, strike.delay)
	}
	if strike.lost {
		cut(w)
		return
	}
	if err != nil {
		refuse(w, err)
		return
	}
	reply(w, http.StatusOK, answer)
}

// read takes the operation and the whole body. The body must be read to its end: only then does net/http notice a client that
// hangs up during a long poll.
func read(w http.ResponseWriter, r *http.Request) (name string, body []byte, err error) {
	// Asking for SQS's own content type also keeps web pages out: a browser will not send it across origins unasked.
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != contentType {
		return "", nil, failure(http.StatusUnsupportedMediaType, "UnsupportedMediaTypeException", "Content-Type must be "+contentType+".")
	}
	name, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), target)
	if _, known := operations[name]; !ok || !known {
		return "", nil, failure(http.StatusBadRequest, "UnknownOperationException", "The operation in X-Amz-Target is not known.")
	}
	control := http.NewResponseController(w)
	if err := control.SetReadDeadline(time.Now().Add(bodyTimeout)); err != nil {
		return "", nil, fmt.Errorf("read %s: %w", name, err)
	}
	body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return "", nil, failure(http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException", "The request is too large.")
	}
	if err != nil {
		return "", nil, failure(http.StatusBadRequest, "SerializationException", "The request could not be read to its end.")
	}
	// Without this a poll longer than bodyTimeout would look like a client that went away.
	return name, body, control.SetReadDeadline(time.Time{})
}

// decode reads one request of the wire into in. Members it does not know are ignored, as AWS does, because newer SDKs send
// more; anything else that does not fit is a SerializationException.
func decode(body []byte, in any) error {
	if !utf8.Valid(body) {
		return failure(http.StatusBadRequest, "SerializationException", "The request is not UTF-8.")
	}
	if err := json.Unmarshal(body, in); err != nil {
		return failure(http.StatusBadRequest, "SerializationException", "The request does not fit the operation: "+err.Error())
	}
	return nil
}

// operation answers one decoded request.
type operation func(ctx context.Context, s *Server, header http.Header, body []byte) (any, error)

// bind makes an operation of a method that needs nothing but its input.
func bind[In, Out any](method func(*Server, context.Context, In) (Out, error)) operation {
	return func(ctx context.Context, s *Server, _ http.Header, body []byte) (any, error) {
		var in In
		if err := decode(body, &in); err != nil {
			return nil, err
		}
		return method(s, ctx, in)
	}
}

// bindTraced is bind for the operations that also take the caller's trace header.
func bindTraced[In, Out any](method func(s *Server, trace string, in In) (Out, error)) operation {
	return func(_ context.Context, s *Server, header http.Header, body []byte) (any, error) {
		var in In
		if err := decode(body, &in); err != nil {
			return nil, err
		}
		return method(s, header.Get("X-Amzn-Trace-Id"), in)
	}
}

// refuse answers with an error. SDKs take the type from the body and the code from the header, and the two differ.
func refuse(w http.ResponseWriter, err error) {
	var e *apiError
	if !errors.As(err, &e) {
		e = failure(http.StatusInternalServerError, "InternalFailure", err.Error())
	}
	side := "Sender"
	if e.status >= http.StatusInternalServerError {
		side = "Receiver"
	}
	w.Header().Set("x-amzn-query-error", e.code+";"+side)
	reply(w, e.status, map[string]string{"__type": "com.amazonaws.sqs#" + e.shape, "message": e.message})
}

// reply writes JSON as SQS does, without escaping <, > and &.
func reply(w http.ResponseWriter, status int, answer any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(answer); err != nil { // every answer is made of strings, numbers and bytes
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // a client that went away is not our error
}

// cut closes the connection without an answer.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil { // HTTP/2 cannot be hijacked; this server speaks only HTTP/1
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_ = conn.Close()
}
