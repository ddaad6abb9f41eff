package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/queue"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace/sampling"
)

// What a check may find.
const (
	checkOK      = "ok"
	checkWarn    = "warn"
	checkWrong   = "wrong"
	checkUnknown = "unknown" // what it needs is wrong
	checkUnset   = "unset"   // nobody asked for it
)

// finding is what a check saw, and the command that mends it.
type finding struct{ status, seen, mend string }

func well(format string, args ...any) finding {
	return finding{checkOK, fmt.Sprintf(format, args...), ""}
}

func warned(mend, format string, args ...any) finding {
	return finding{checkWarn, fmt.Sprintf(format, args...), mend}
}

func wrong(mend, format string, args ...any) finding {
	return finding{checkWrong, fmt.Sprintf(format, args...), mend}
}

func unset(format string, args ...any) finding {
	return finding{checkUnset, fmt.Sprintf(format, args...), ""}
}

// check is one line of doctor. It keeps what it learns in the doctor, where only those that need it look.
type check struct {
	name  string
	needs []string // checks before it that must not be wrong
	look  func(*doctor, context.Context) finding
}

// doctorChecks are the checks in the order in which a job meets what they look at.
func doctorChecks() []check {
	return []check{
		{"database", nil, (*doctor).database},
		{"migrations", []string{"database"}, (*doctor).migrations},
		{"ledger-rights", []string{"migrations"}, (*doctor).ledgerRights},
		{"clock", []string{"database"}, (*doctor).clock},
		{"aws", nil, (*doctor).credentials},
		{"queue", []string{"aws"}, (*doctor).queueThere},
		{"clock-sqs", []string{"queue"}, (*doctor).clockSQS},
		{"redrive", []string{"queue"}, (*doctor).redrive},
		{"visibility", []string{"queue"}, (*doctor).visibility},
		{"retention", []string{"queue"}, (*doctor).retention},
		{"queue-rights", []string{"queue"}, (*doctor).queueRights},
		{"backlog", []string{"queue"}, (*doctor).backlog},
		{"dead-letters", []string{"queue"}, (*doctor).deadLetters},
		{"dead-letter-rights", []string{"dead-letters"}, (*doctor).deadLetterRights},
		{"source", nil, (*doctor).sourceThere},
		{"definitions", nil, (*doctor).definitions},
		{"source-rights", []string{"source", "definitions"}, (*doctor).sourceRights},
		{"outside", nil, (*doctor).outside},
		{"output", nil, (*doctor).output},
		{"deliveries", nil, (*doctor).deliveries},
		{"spool", nil, (*doctor).spool},
		{"health", nil, (*doctor).health},
		{"tracing", nil, (*doctor).tracing},
		{"xray-daemon", []string{"tracing"}, (*doctor).xrayDaemon},
		{"sampling", []string{"xray-daemon"}, (*doctor).sampling},
		{"trace", []string{"xray-daemon", "aws"}, (*doctor).traceThere},
		{"traces-whole", []string{"aws"}, (*doctor).tracesWhole},
		{"trace-dropped", nil, (*doctor).traceDropped},
		{"otlp", []string{"tracing"}, (*doctor).otlp},
	}
}

func checkNames() []string {
	var names []string
	for _, c := range doctorChecks() {
		names = append(names, c.name)
	}
	return names
}

// doctor is one look at everything.
type doctor struct {
	settings
	now     func() time.Time
	timeout time.Duration // of each check
	found   map[string]finding

	// What the checks learn for those that need them.
	books    ledger.Description // database
	cfg      aws.Config         // aws
	jobs     queue.Description  // queue
	deadURL  string             // dead-letters
	src      *source.Postgres   // source
	readable []report.Definition
	rules    []sampling.Rule // xray-daemon
}

// chosen are the checks that were asked for with those that they need, all of them for none.
func (d *doctor) chosen(only []string) []check {
	all := doctorChecks()
	if len(only) == 0 {
		return all
	}
	wanted := slices.Clone(only)
	for _, c := range slices.Backward(all) { // what is needed stands before
		if slices.Contains(wanted, c.name) {
			wanted = append(wanted, c.needs...)
		}
	}
	return slices.DeleteFunc(all, func(c check) bool { return !slices.Contains(wanted, c.name) })
}

// look makes one check within its time. One that does not heed the end of its context is left behind: nobody who needs what it
// would learn is asked then.
func (d *doctor) look(ctx context.Context, c check) (f finding) {
	defer func() { d.found[c.name] = f }()
	for _, need := range c.needs {
		if before := d.found[need]; before.status == checkWrong || before.status == checkUnknown {
			return finding{checkUnknown, fmt.Sprintf("not looked at, because %s is %s", need, before.status), ""}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	done := make(chan finding, 1)
	go func() { done <- c.look(d, ctx) }()
	timer := time.NewTimer(d.timeout + time.Second)
	defer timer.Stop()
	select {
	case f := <-done:
		return f
	case <-timer.C:
		return wrong("", "it does not end within %s", d.timeout)
	}
}

func (d *doctor) close() {
	if f := d.found["source"]; f.status == checkOK || f.status == checkWarn {
		d.src.Close()
	}
}
