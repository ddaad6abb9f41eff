package faults_test

import "time"

// Point is a point of a job's life as it is seen from outside: by what the worker sends over its wires.
type Point string

// The points in their order.
const (
	Received   Point = "R"  // the message is received; the claim is sent and has not reached the ledger
	Claimed    Point = "C"  // the claim is committed; the worker does not know yet
	Extracting Point = "X"  // the first table is read, the second is asked for
	Validating Point = "V"  // everything is read, the rules are running; needs Slow("validate")
	Generating Point = "G"  // the datasets are computed and the version is taken; nothing is drawn
	Uploading  Point = "U"  // the first file is put, the second is sent; on S3 only
	Uploaded   Point = "UP" // everything is put; the publication is sent and has not reached the ledger
	Published  Point = "P"  // the publication is committed; the worker does not know yet
	Deleting   Point = "D"  // the worker knows; it asks for the message to be deleted
)

// inStage is how long after a stage's begin a slow one is surely in its middle.
const inStage = 300 * time.Millisecond

// At has do called when the worker comes to point for the first time from now. What the worker sends or waits for there
// waits until do returns, save in a stage that sends nothing: while do runs, Validating goes on.
func (w *Worker) At(point Point, do func() Verdict) {
	w.tb.Helper()
	switch point {
	case Received:
		w.Ledger.Set(Trap{Text: "monthend.claim(", Do: do})
	case Claimed:
		w.Ledger.Set(Trap{Text: "monthend.claim(", Answer: true, Do: do})
	case Extracting:
		w.Source.Set(Trap{Text: "FROM books.accounts", Do: do})
	case Validating:
		// The source's transaction ends with the extraction. The stage that follows sends nothing: it is met by time.
		w.Source.Set(Trap{Text: "ROLLBACK", Answer: true, Do: func() Verdict {
			timer := time.AfterFunc(inStage, func() { do() })
			w.tb.Cleanup(func() { timer.Stop() })
			return Pass()
		}})
	case Generating:
		w.Ledger.Set(Trap{Text: "monthend.allocate(", Answer: true, Do: do})
	case Uploading:
		w.S3.Set(Trap{Text: "PutObject", Skip: 1, Do: do})
	case Uploaded:
		w.Ledger.Set(Trap{Text: "monthend.publish(", Do: do})
	case Published:
		w.Ledger.Set(Trap{Text: "monthend.publish(", Answer: true, Do: do})
	case Deleting:
		w.SQS.Set(Trap{Text: "DeleteMessage ", Do: do})
	default:
		w.tb.Fatalf("there is no point %q", point)
	}
}

// KillAt kills the worker at a point.
func (w *Worker) KillAt(point Point) { w.tb.Helper(); w.At(point, w.Killed) }

// HoldAt holds the worker at a point; heartbeats and renewals go on.
func (w *Worker) HoldAt(point Point) *Hold {
	w.tb.Helper()
	h := NewHold(w.tb)
	w.At(point, h.Do)
	return h
}

// FreezeAt freezes the whole process at a point, heartbeats, renewals and all. Its clock does not know. Thaw it, then
// release the Hold: what was under way goes on as if nothing had been.
func (w *Worker) FreezeAt(point Point) *Hold {
	w.tb.Helper()
	h := NewHold(w.tb)
	w.At(point, func() Verdict {
		w.Freeze()
		return h.Do()
	})
	return h
}
