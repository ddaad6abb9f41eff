package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// The exit codes; they are part of the interface and listed in the README.
const (
	exitDone        = 0   // published, duplicate, unchanged; also drained after SIGTERM
	exitFailed      = 1   // failed, cancelled, or a check found something
	exitUsage       = 2   // usage, and missing or malformed settings
	exitData        = 3   // the data failed its gate
	exitUnavailable = 4   // something needed cannot be reached, a wait timed out, a period has not ended
	exitInterrupt   = 130 // stopped by SIGINT
	exitTerminated  = 143 // stopped by SIGTERM
)

// failure is an error with the exit code it means and, where there is one, the command that mends it.
type failure struct {
	code int
	hint string
	err  error
}

func (f *failure) Error() string { return f.err.Error() }

func (f *failure) Unwrap() error { return f.err }

// usage is a mistake in what was typed or set.
func usage(hint, format string, args ...any) error {
	return &failure{code: exitUsage, hint: hint, err: fmt.Errorf(format, args...)}
}

// unavailable is something that is needed and not there.
func unavailable(hint, format string, args ...any) error {
	return &failure{code: exitUnavailable, hint: hint, err: fmt.Errorf(format, args...)}
}

// withCode gives err an exit code.
func withCode(code int, hint string, err error) error {
	return &failure{code: code, hint: hint, err: err}
}

// exitCode is the one place where errors become exit codes.
func exitCode(ctx context.Context, err error) int {
	var f *failure
	var s signalError
	switch {
	case errors.As(context.Cause(ctx), &s):
		// Whatever was cut off complains in its own words; the signal is why.
		return signalCode(s.signal)
	case errors.As(err, &f):
		return f.code
	}
	return exitFailed
}

func signalCode(s os.Signal) int {
	if s == syscall.SIGTERM {
		return exitTerminated
	}
	return exitInterrupt
}

// complain tells an error once: one line, and at most one hint with the command to type.
func (a *app) complain(err error, code int) {
	var f *failure
	hint := ""
	if errors.As(err, &f) {
		hint = f.hint
	}
	if a.format == formatJSON {
		line, _ := json.Marshal(struct {
			Error string `json:"error"`
			Hint  string `json:"hint,omitempty"`
			Code  int    `json:"exit_code"`
		}{err.Error(), hint, code})
		fmt.Fprintf(a.stderr, "%s\n", line)
		return
	}
	fmt.Fprintf(a.stderr, "monthend: %s\n", oneLine(err.Error()))
	if hint != "" {
		fmt.Fprintf(a.stderr, "hint: %s\n", hint)
	}
}

// oneLine folds what a driver may have broken into several lines.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
