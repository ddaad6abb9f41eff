package trace

import (
	"fmt"
	"strings"
	"testing"
)

// Which of many calls are told depends on how long they took, which a test that makes calls does not decide.
func TestBudgetJudges(t *testing.T) {
	call := func(seconds float64, failed bool) Document {
		return Document{
			ID: "c", ParentID: "p", Name: "db@localhost", Type: "subsegment", Namespace: namespaceRemote,
			StartTime: 1, EndTime: 1 + seconds, Fault: failed,
		}
	}
	var b budget
	told, waited := 0, 0
	judge := func(d Document, brief bool) verdict {
		v, _ := b.judge(d, brief)
		switch v {
		case tell:
			told++
			b.spend(d.Namespace != "", 500)
		case wait:
			waited++
			b.spend(true, 500)
			b.await(d, fmt.Appendf(nil, "%-500v", d.EndTime-d.StartTime))
		case rest:
			b.aggregate(d)
		}
		return v
	}
	for range firstCalls {
		if judge(call(0.25, false), false) != tell {
			t.Fatal("one of the first calls is not told")
		}
	}
	for i := range 500 { // 0.5, 1, 1.5 … s: each slower than those before
		if got := judge(call(float64(i+1)/2, false), false); got != wait {
			t.Fatalf("call %d: got verdict %d, want it to wait", i, got)
		}
	}
	if got := judge(call(1, false), false); got != rest {
		t.Errorf("a call faster than all that wait: got verdict %d", got)
	}
	if got := judge(call(9, false), true); got != rest {
		t.Errorf("a call of a brief segment: got verdict %d", got)
	}
	if got := judge(call(0.001, true), false); got != tell {
		t.Errorf("a failed call: got verdict %d", got)
	}
	if b.calls != maxCalls || b.documents != maxCalls {
		t.Errorf("%d calls, %d documents, want %d of each", b.calls, b.documents, maxCalls)
	}
	due := b.due(Document{ID: "p", Type: "subsegment"})
	if len(due) != maxCalls-firstCalls-1 || !strings.HasPrefix(string(due[0]), "239 ") {
		t.Errorf("%d calls wait, the fastest for %.10s s; want %d and the slowest", len(due), due[0], maxCalls-firstCalls-1)
	}
	rest := b.rest["p"]["db@localhost"]
	if want := 500 - len(due) + 2; rest.Count != want || rest.Failed != 0 {
		t.Errorf("got %+v, want a count of %d", *rest, want)
	}
	for range maxCalls {
		judge(call(9, true), false)
	}
	if b.calls > maxCalls {
		t.Error("calls without end")
	}
	for range maxDocuments {
		judge(Document{Type: "subsegment"}, false)
	}
	if b.documents != maxDocuments-1 || judge(Document{}, false) != tell {
		t.Errorf("%d documents: the last one is the root's", b.documents)
	}
}
