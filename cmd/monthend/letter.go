package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/monthend/monthend/queue"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// letterLine is one dead letter as lists show it.
type letterLine struct {
	MessageID string    `json:"message_id"`
	At        time.Time `json:"at"` // when it became one; of one that SQS itself moved, when it was sent
	Reason    string    `json:"reason"`
	Report    string    `json:"report,omitempty"`
	Period    string    `json:"period,omitempty"`
	Tenant    string    `json:"tenant,omitempty"`
	RequestID string    `json:"request_id,omitempty"`
	TraceID   string    `json:"trace_id,omitempty"`
	Receives  int       `json:"receives"`
}

func newLetterLine(l queue.Letter) letterLine {
	line := letterLine{
		MessageID: l.ID, At: l.SentAt.UTC(), Reason: l.Reason(), TraceID: traceOf(l.TraceHeader), Receives: l.ReceiveCount,
	}
	if job, err := report.DecodeJob(l.Body); err == nil {
		line.Report, line.Period, line.Tenant, line.RequestID = job.Report, job.Period, job.Tenant, job.ID(l.OriginalID())
		return line
	}
	// A bad job still says what it is about, as far as it can be read at all.
	var about struct {
		Report    string `json:"report"`
		Period    string `json:"period"`
		Tenant    string `json:"tenant"`
		RequestID string `json:"request_id"`
	}
	if len(l.Body) <= report.MaxJobSize && json.Unmarshal(l.Body, &about) == nil {
		short := func(s string) string { return shorten(oneLine(printable(s)), 64) }
		line.Report, line.Period, line.Tenant, line.RequestID = short(about.Report), short(about.Period), short(about.Tenant), short(about.RequestID)
	}
	return line
}

// traceOf is the trace id of a trace header, "" for what is none.
func traceOf(header string) string {
	for field := range strings.SplitSeq(header, ";") {
		if id, ok := strings.CutPrefix(strings.TrimSpace(field), "Root="); ok && trace.IsTraceID(id) {
			return id
		}
	}
	return ""
}

// maxSought is how many dead letters are gone through for one.
const maxSought = 10_000

// withLetter finds the dead letter of an id and does what do says with it.
func withLetter(ctx context.Context, letters *queue.DeadLetters, id string, do func(context.Context, queue.Letter) (queue.Verdict, error)) error {
	seen, found := 0, false
	more, err := letters.Browse(ctx, maxSought, func(ctx context.Context, l queue.Letter) (queue.Verdict, error) {
		if seen++; l.ID != id {
			return queue.Keep, nil
		}
		found = true
		verdict, err := do(ctx, l)
		if err == nil {
			err = queue.ErrEnough
		}
		return verdict, err
	})
	switch {
	case err != nil:
		return letterFailure(err)
	case found:
		return nil
	case more > 0:
		err = fmt.Errorf("there is no dead letter %q among the %d that can be had; about %d more were not reached", id, seen, more)
	default:
		err = fmt.Errorf("there is no dead letter %q", id)
	}
	return withCode(exitFailed, "monthend dlq list", err)
}

// letterFailure gives an error met while looking at dead letters its exit code, where it has none yet.
func letterFailure(err error) error {
	var coded *failure
	switch {
	case err == nil, errors.As(err, &coded):
		return err
	case errors.Is(err, queue.ErrForeign):
		return withCode(exitFailed, "", err)
	}
	return queueFailure(err)
}

// pretty indents what is JSON and leaves the rest.
func pretty(body string) string {
	var out bytes.Buffer
	if json.Indent(&out, []byte(body), "", "  ") != nil {
		return body
	}
	return out.String()
}

// printable takes the control characters out of a text of unknown origin: a terminal would obey them.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// shorten cuts s to n characters, and shows that it did.
func shorten(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:n-1]) + "…"
}
