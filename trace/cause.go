package trace

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/aws/aws-xray-sdk-go/v2/xray"
	"github.com/aws/smithy-go"
)

const (
	maxFailed  = 8    // failures of children that a parent remembers, the latest
	maxMessage = 1000 // characters of an exception's message
)

// failure is an error that a child recorded, and the exception that describes it.
type failure struct {
	err error
	id  string
}

// conclude flags and explains n by err, once: it reports whether this call was the first. stack is where a panic happened.
func (n *node) conclude(err error, stack []uintptr) bool {
	if !n.ended.CompareAndSwap(false, true) {
		return false
	}
	if err == nil {
		n.flag(n.answered())
		return true
	}
	n.flag(ClassOf(err))

	if stack == nil {
		stack = callers()
	}
	n.mu.Lock()
	cause, id := explain(err, n.failed, n.running, stack)
	n.cause = cause
	n.mu.Unlock()
	if n.parent != nil {
		n.parent.remember(failure{err, id})
	}
	return true
}

func (n *node) flag(class Class) {
	n.seg.Lock()
	defer n.seg.Unlock()
	n.seg.Fault = class == ClassFault
	n.seg.Error = class == ClassError || class == ClassThrottle
	n.seg.Throttle = class == ClassThrottle
}

// answered is the class of the HTTP answer that n tells of, where no error says more.
func (n *node) answered() Class {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.http == nil || n.http.Response == nil {
		return ""
	}
	return classOfStatus(n.http.Response.Status)
}

// remember keeps what a child recorded until the parent ends with it.
func (n *node) remember(f failure) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.failed) == maxFailed {
		n.failed = append(n.failed[:0], n.failed[1:]...)
	}
	n.failed = append(n.failed, f)
}

// explain is the cause of err and the id of the exception that describes it. An error that a child passed up is told once,
// where it happened: named by its id when it came up unchanged, by one more exception that it caused when it came up wrapped.
func explain(err error, failed []failure, running uintptr, stack []uintptr) (*Cause, string) {
	for i := len(failed) - 1; i >= 0; i-- {
		switch f := failed[i]; {
		case same(err, f.err):
			return &Cause{ID: f.id}, f.id
		case wraps(err, f.err):
			e := Exception{ID: xray.NewSegmentID(), Type: typeName(err), Message: message(err), Cause: f.id}
			return &Cause{Exceptions: []Exception{e}}, e.ID
		}
	}
	e := Exception{ID: xray.NewSegmentID(), Type: typeName(err), Message: message(err)}
	var answer smithy.APIError
	if errors.As(err, &answer) {
		e.Type, e.Remote = answer.ErrorCode(), true
	}
	e.Stack, e.Truncated = stackOf(err, running, stack)
	return &Cause{Exceptions: []Exception{e}}, e.ID
}

// same reports whether a and b are one error. Two panics with one value are one panic on its way up.
func same(a, b error) bool {
	return reflect.TypeOf(a) == reflect.TypeOf(b) && reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}

// wraps reports whether inner is in err's chain.
func wraps(err, inner error) bool {
	for err != nil {
		if same(err, inner) {
			return true
		}
		switch u := err.(type) {
		case interface{ Unwrap() error }:
			err = u.Unwrap()
		case interface{ Unwrap() []error }:
			for _, e := range u.Unwrap() {
				if e != nil && wraps(e, inner) {
					return true
				}
			}
			return false
		default:
			return false
		}
	}
	return false
}

// typeName is the type of the first error in the chain that says more than "wrapped".
func typeName(err error) string {
	if p, ok := err.(panicked); ok {
		if inner, ok := p.value.(error); ok {
			return "panic: " + typeName(inner)
		}
		return "panic"
	}
	for {
		name := strings.TrimLeft(fmt.Sprintf("%T", err), "*")
		var inner error
		switch u := err.(type) {
		case interface{ Unwrap() error }:
			inner = u.Unwrap()
		case interface{ Unwrap() []error }:
			if all := u.Unwrap(); len(all) > 0 {
				inner = all[0]
			}
		}
		if inner == nil || !strings.HasPrefix(name, "fmt.") && !strings.HasPrefix(name, "errors.") {
			return name
		}
		err = inner
	}
}

// message is what is told of err. PostgreSQL quotes values in the messages of classes 22 and 23 (bad data, broken
// constraint), and no value belongs in a trace: there the code stands for its words.
func message(err error) string {
	words := text(err)
	var coded interface {
		error
		SQLState() string
	}
	if errors.As(err, &coded) {
		if code := coded.SQLState(); strings.HasPrefix(code, "22") || strings.HasPrefix(code, "23") {
			words = strings.ReplaceAll(words, text(coded), "SQLSTATE "+code)
		}
	}
	return cut(words, maxMessage)
}
