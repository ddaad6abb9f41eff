package queue

import (
	"context"
	"fmt"
	"time"
)

// Handler works on one message and says how to settle it. Its context carries the values of Run's context but not its end:
// it is cancelled only when the drain is over (cause ErrDrained) or on Abort (cause ErrAborted). A handler that is cancelled
// lets go of what it holds elsewhere first and then returns, within two seconds; Retry(0) is the usual settlement then. A
// handler that does not return in time has its message released, and what it returns later is ignored.
//
// A panic in a handler is recovered and logged with its stack, and the message is settled as Retry with a growing delay.
type Handler func(ctx context.Context, m Message) Settlement

// Settlement is what becomes of a message. The zero Settlement is Leave.
type Settlement struct {
	kind   kind
	after  time.Duration
	reason string
}

type kind int

const (
	leave kind = iota
	remove
	retry
	bury
)

// Delete takes the message off the queue: its request has an outcome.
func Delete() Settlement { return Settlement{kind: remove} }

// Retry makes the message receivable again after the given time from now, in whole seconds rounded up. SQS keeps a message
// in flight for 12 hours in all; the delay is cut to what is left of them. On a FIFO queue its group waits behind it.
func Retry(after time.Duration) Settlement { return Settlement{kind: retry, after: max(after, 0)} }

// DeadLetter sends the message to the dead-letter queue, with the reason as the attribute ReasonAttribute, and then deletes
// it. The reason is cut to 1,024 bytes. Should the process die between the two, the dead-letter queue gets it twice.
func DeadLetter(reason string) Settlement { return Settlement{kind: bury, reason: reason} }

// Leave touches nothing: the message is no longer ours, and it comes back by itself when its visibility timeout ends.
func Leave() Settlement { return Settlement{kind: leave} }

// String is the settlement as logs name it.
func (s Settlement) String() string {
	switch s.kind {
	case remove:
		return "delete"
	case retry:
		return fmt.Sprintf("retry after %s", s.after)
	case bury:
		return "dead-letter"
	default:
		return "leave"
	}
}
