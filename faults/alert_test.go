package faults_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/monthend/monthend/report"
)

// alerting is a stack whose small month tells a receiver what went wrong.
func alerting(t *testing.T, r *Receiver) *Stack {
	t.Helper()
	c := StackConfig{Definitions: t.TempDir()}
	if err := os.CopyFS(c.Definitions, os.DirFS(definitions)); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(c.Definitions, reportName, "report.yaml")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text = fmt.Appendf(text, "\nalerts:\n  - {webhook: {url: %q, secret_env: MONTHEND_WEBHOOK_TEST}, on: [data_failed, failed]}\n", r.URL+"/alerts")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return NewStack(t, c)
}

// dataFailureIsTold: the data fails its gate, and the worker dies as the ledger has written that down. Somebody else tells of it, once:
// neither the redelivery nor another process that looks tells again.
func dataFailureIsTold(t *testing.T) {
	r := NewReceiver(t, nil)
	s := alerting(t, r)
	s.Exec(`UPDATE books.entries SET amount = NULL WHERE id % 10 = 0`)
	first := s.deliverer("first", r)
	first.Ledger.Set(Trap{Text: "monthend.end_run(", Answer: true, Do: first.Killed})
	first.Start()
	sent := s.Send(job(""))
	first.Wait()
	if came := r.Keys(); len(came) != 0 {
		t.Fatalf("%d alerts came before anybody could have told", len(came))
	}
	s.Expire()
	next, beside := s.deliverer("next", r), s.deliverer("beside", r)
	next.Start()
	beside.Start()
	s.Expect(sent, report.DataFailed)
	told := s.wantDelivered(sent, r, 1)
	var body struct {
		Event   string `json:"event"`
		RunID   string `json:"run_id"`
		TraceID string `json:"trace_id"`
		Rerun   string `json:"rerun"`
	}
	if err := json.Unmarshal([]byte(told.Body), &body); err != nil {
		t.Fatal(err)
	}
	run := s.Await(sent).RunID
	if body.Event != "data_failed" || body.RunID != run || body.TraceID == "" || body.Rerun != "monthend runs retry "+run {
		t.Errorf("the alert says %+v", body)
	}
	s.wantAttempts(sent, 1, 0)
	s.Check()
	if came := r.Keys(); len(came) != 1 {
		t.Errorf("%d alerts came, want one", len(came))
	}
	next.Stop()
	beside.Stop()
	if came := r.Keys(); len(came) != 1 {
		t.Errorf("%d alerts came in the end, want one", len(came))
	}
}
