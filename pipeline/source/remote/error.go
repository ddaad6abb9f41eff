package remote

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// Error is what went wrong with a source outside, without a secret and without anything of its answer.
type Error struct {
	Status    int // of the answer; 0 where there was none
	Message   string
	Transient bool // the same call may succeed later
	cause     error
}

func (e *Error) Error() string { return e.Message }

func (e *Error) Unwrap() error { return e.cause }

// TraceClass is "throttle" where too much was asked, "error" for what trying again cannot mend and "fault" for the rest.
func (e *Error) TraceClass() string {
	switch {
	case e.Status == http.StatusTooManyRequests:
		return "throttle"
	case !e.Transient:
		return "error"
	}
	return "fault"
}

// IsTransient reports whether the same may succeed later.
func IsTransient(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Transient
}

// IsPermanent reports whether trying again cannot help.
func IsPermanent(err error) bool {
	var e *Error
	return errors.As(err, &e) && !e.Transient
}

// refuse is a permanent error.
func refuse(format string, args ...any) *Error { return &Error{Message: fmt.Sprintf(format, args...)} }

// passing is one that may pass. Its cause is kept, for what it says of ctx; its words stand in the message.
func passing(cause error, format string, args ...any) *Error {
	e := &Error{Message: fmt.Sprintf(format, args...), Transient: true}
	if errors.Is(cause, context.DeadlineExceeded) {
		e.cause = context.DeadlineExceeded
	}
	return e
}
