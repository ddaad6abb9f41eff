package faults_test

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// Verdict is what becomes of a request, or of its answer, that a Trap has caught.
type Verdict struct {
	drop   bool
	status int
	body   string
}

// Pass lets it through.
func Pass() Verdict { return Verdict{} }

// Drop cuts the connection instead.
func Drop() Verdict { return Verdict{drop: true} }

// Respond answers in the service's stead; over HTTP only.
func Respond(status int, body string) Verdict { return Verdict{status: status, body: body} }

// Trap waits on a worker's wire for what it sends.
type Trap struct {
	Text   string         // a statement, or an HTTP operation, that holds this text
	Answer bool           // spring once the answer is there, before the worker sees it, and not before the service sees the request
	Skip   int            // how many to let pass first
	Times  int            // how often it springs: 0 is once, < 0 is always
	Do     func() Verdict // called on the wire's goroutine: while it does not return, the request or the answer waits
}

// traps are the traps of one wire.
type traps struct {
	mu  sync.Mutex
	set []*Trap
}

// Set lays a trap; it may be done at any time.
func (t *traps) Set(trap Trap) {
	if trap.Times == 0 {
		trap.Times = 1
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.set = append(t.set, &trap)
}

// Count counts what holds text from now on.
func (t *traps) Count(text string) func() int {
	var mu sync.Mutex
	n := 0
	t.Set(Trap{Text: text, Times: -1, Do: func() Verdict {
		mu.Lock()
		defer mu.Unlock()
		n++
		return Pass()
	}})
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		return n
	}
}

// sprung are what to do about a request, before it and with its answer.
type sprung struct{ before, after []func() Verdict }

// spring finds the traps that text springs.
func (t *traps) spring(text string) (s sprung) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, trap := range t.set {
		if trap.Times == 0 || !strings.Contains(text, trap.Text) {
			continue
		}
		if trap.Skip > 0 {
			trap.Skip--
			continue
		}
		if trap.Times > 0 {
			trap.Times--
		}
		if trap.Answer {
			s.after = append(s.after, trap.Do)
		} else {
			s.before = append(s.before, trap.Do)
		}
	}
	return s
}

// judge carries out what is to be done, until something is not to pass.
func judge(what []func() Verdict) Verdict {
	for _, do := range what {
		if v := do(); v != Pass() {
			return v
		}
	}
	return Pass()
}

// Hold holds whatever comes to it until it is released, at the end of the test at the latest.
type Hold struct {
	tb       testing.TB
	reached  chan struct{}
	released chan struct{}
	reach    sync.Once
	release  sync.Once
}

func NewHold(tb testing.TB) *Hold {
	h := &Hold{tb: tb, reached: make(chan struct{}), released: make(chan struct{})}
	tb.Cleanup(h.Release)
	return h
}

// Do is for a Trap.
func (h *Hold) Do() Verdict {
	h.reach.Do(func() { close(h.reached) })
	<-h.released
	return Pass()
}

// Wait returns once something is held.
func (h *Hold) Wait() {
	h.tb.Helper()
	select {
	case <-h.reached:
	case <-time.After(patience):
		h.tb.Fatal("nothing came to be held")
	}
}

// Release lets go, now and for good.
func (h *Hold) Release() { h.release.Do(func() { close(h.released) }) }
