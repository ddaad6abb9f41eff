package trace

import "testing"

// Which of many calls are told depends on how long they took, which a test that makes calls does not decide.
func TestBudgetAdmits(t *testing.T) {
	call := func(seconds float64, failed bool) Document {
		return Document{Type: "subsegment", Namespace: namespaceRemote, StartTime: 1, EndTime: 1 + seconds, Fault: failed}
	}
	var b budget
	spend := func(d Document) { b.spend(d, 500) }
	for range fullCalls {
		if !b.admits(call(0.25, false), false) {
			t.Fatal("one of the first calls is not admitted")
		}
		spend(call(0.25, false))
	}
	for name, row := range map[string]struct {
		d    Document
		want bool
	}{
		"as slow":  {call(0.25, false), false},
		"slower":   {call(0.5, false), true},
		"failed":   {call(0.001, true), true},
		"a phase":  {Document{Type: "subsegment"}, true},
		"the root": {Document{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := b.admits(row.d, false); got != row.want {
				t.Errorf("got %v, want %v", got, row.want)
			}
		})
	}
	for b.calls < tellingCalls {
		spend(call(0.001, true))
	}
	if b.admits(call(9, true), false) {
		t.Error("calls without end")
	}
	for b.documents < maxDocuments-1 {
		spend(Document{Type: "subsegment"})
	}
	if b.admits(Document{Type: "subsegment"}, false) || !b.admits(Document{}, false) {
		t.Error("the last document is the root's")
	}
}
