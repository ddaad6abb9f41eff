package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode"

	"github.com/monthend/monthend/queue"
)

func TestConfirm(t *testing.T) {
	for answer, want := range map[string]bool{"y\n": true, " YES \n": true, "yes": true, "\n": false, "n\n": false, "": false, "yesterday\n": false} {
		var asked bytes.Buffer
		a := newApp(nil, nil, strings.NewReader(answer), io.Discard, &asked)
		err := a.confirm(t.Context(), "Delete it?")
		if (err == nil) != want || asked.String() != "Delete it? [y/N] " {
			t.Errorf("%q: got %v after %q, want agreed: %v", answer, err, asked.String(), want)
		}
		if err != nil && exitCode(t.Context(), err) != exitFailed {
			t.Errorf("%q: got exit code %d", answer, exitCode(t.Context(), err))
		}
	}
	silent, end := io.Pipe()
	defer end.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := newApp(nil, nil, silent, io.Discard, io.Discard).confirm(ctx, "Delete it?"); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody answers: got %v, want the end of the context", err)
	}
}

func TestTraceOf(t *testing.T) {
	const id = "1-5759e988-bd862e3fe1be46a994272793"
	for header, want := range map[string]string{
		"Root=" + id + ";Parent=53995c3f42cd8ad8;Sampled=1": id,
		"Self=1-2-3; Root=" + id:                            id,
		"":                                                  "",
		"Root=garbage;Parent=zz":                            "",
		"Parent=53995c3f42cd8ad8":                           "",
	} {
		if got := traceOf(header); got != want {
			t.Errorf("%q: got %q, want %q", header, got, want)
		}
	}
}

func TestRequestIDForms(t *testing.T) {
	for id, want := range map[string]bool{
		newRequestID():                         true,
		digest("x"):                            true,
		"2b5e1a2c-9d0f-4a51-8f6d-0123456789ab": true,
		"run_06h076wpnmzshsp1wfrthshnk4":       false,
		"req_short":                            false,
		"month-end-1":                          false,
		"":                                     false,
	} {
		if got := requestID.MatchString(id); got != want {
			t.Errorf("%q: got %v, want %v", id, got, want)
		}
	}
}

// Whatever lies in a dead-letter queue can be listed, on one line and without an order to the terminal.
func FuzzLetterLine(f *testing.F) {
	f.Add(`{"v":1,"report":"a","period":"2026-03"}`, "no such report", "Root=1-5759e988-bd862e3fe1be46a994272793")
	f.Add("{\"report\":\"\\u001b[2J\",\"period\":\"\\u202e\"}", "\x1b[2J\u009b2J", "Root=;;;=")
	f.Add(`{"report":7}`, "", "")
	f.Add("", "\n\n", ";")
	f.Fuzz(func(t *testing.T, body, reason, header string) {
		line := newLetterLine(queue.Letter{Message: queue.Message{
			ID: "m", Body: []byte(body), TraceHeader: header, Attributes: map[string]string{queue.ReasonAttribute: reason},
		}})
		var out bytes.Buffer
		a := newApp(nil, nil, nil, &out, io.Discard)
		if err := a.printLetters([]letterLine{line}); err != nil {
			t.Fatal(err)
		}
		if rows := strings.Count(out.String(), "\n"); rows != 3 {
			t.Errorf("got %d lines, want head, rule and letter:\n%s", rows, out.String())
		}
		if strings.ContainsFunc(strings.ReplaceAll(out.String(), "\n", ""), unicode.IsControl) {
			t.Errorf("got a control character in %q", out.String())
		}
	})
}
