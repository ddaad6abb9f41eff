package faults_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/jackc/pgx/v5"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

var (
	tenantCount = flag.Int("tenants", 60, "how many tenants TestTenants asks for")
	tenantKills = flag.Duration("tenants-kill-every", 700*time.Millisecond, "how often it kills one of three workers; below 5 s it hurries the clocks")
)

const (
	tenantReport = "tenant-month"
	mostKills    = 6 // of TestTenants where it hurries
)

// Tenants fills the source with n tenants.
func (s *Stack) Tenants(n int) {
	s.tb.Helper()
	s.Exec(`INSERT INTO books.tenants SELECT 'tenant-' || to_char(n, 'FM00000'), n * 1.25 FROM generate_series(1, $1) n`, n)
}

// tenantWorker is a worker that may have share messages of a tenant in the queue. What is killed here is not to blame.
func (s *Stack) tenantWorker(name string, share int) *Worker {
	s.tb.Helper()
	w := s.NewWorker(name)
	w.Env["MONTHEND_TENANT_SHARE"] = fmt.Sprint(share)
	w.Env["MONTHEND_CRASH_LIMIT"] = "1000000"
	return w
}

// allTenants asks for January of every tenant.
func allTenants() report.Job { return report.Job{Report: tenantReport, Period: "2024-01"} }

// Number is what one query counts.
func (s *Stack) Number(sql string, args ...any) (n int) {
	s.tb.Helper()
	ctx := context.WithoutCancel(s.tb.Context())
	conn, err := pgx.Connect(ctx, s.Database())
	if err != nil {
		s.tb.Fatal(err)
	}
	defer conn.Close(ctx)
	if err := conn.QueryRow(ctx, sql, args...).Scan(&n); err != nil {
		s.tb.Fatalf("%s: %v", sql, err)
	}
	return n
}

// awaitFanout waits until a parent is in a state, and checks that each of its tenants that is published is so once.
func (s *Stack) awaitFanout(sent Sent, state ledger.FanoutState) ledger.Fanout {
	s.tb.Helper()
	var got ledger.Fanout
	s.Until("the parent is "+string(state), func(ctx context.Context) bool {
		var err error
		got, err = s.Ledger.Fanout(ctx, sent.RequestID)
		return err == nil && got.State == state
	})
	s.wantOnce(got.Good())
	return got
}

// wantOnce checks that so many tenants have a version, each has one, and one run that published it.
func (s *Stack) wantOnce(tenants int) {
	s.tb.Helper()
	for what, sql := range map[string]string{
		"tenants with a version": `SELECT count(DISTINCT tenant) FROM monthend.versions`,
		"versions":               `SELECT count(*) FROM monthend.versions`,
		"published runs":         `SELECT count(*) FROM monthend.runs WHERE outcome = 'published'`,
	} {
		if got := s.Number(sql); got != tenants {
			s.tb.Errorf("got %d %s, want %d", got, what, tenants)
		}
	}
	if n := s.Number(`SELECT count(*) FROM monthend.runs WHERE outcome IS NULL`); n != 0 {
		s.tb.Errorf("got %d runs that never ended", n)
	}
}

// TestTenants kills workers one after the other over one asking for many tenants: the parent is complete, and each tenant is
// published once.
func TestTenants(t *testing.T) {
	t.Parallel()
	s := NewStack(t, StackConfig{})
	s.Tenants(*tenantCount)
	hurried := *tenantKills < 5*time.Second
	workers := make([]*Worker, 3)
	for i := range workers {
		workers[i] = s.tenantWorker(fmt.Sprintf("worker %d", i), 2)
		workers[i].Start()
	}
	began := time.Now()
	sent := s.Send(allTenants())
	kills := 0
	ticker := time.NewTicker(*tenantKills)
	defer ticker.Stop()
	for over := false; !over; {
		<-ticker.C
		f, err := s.Ledger.Fanout(t.Context(), sent.RequestID)
		over = err == nil && f.State != ledger.FanoutOpen
		if over {
			break
		}
		if time.Since(began) > patience+time.Duration(*tenantCount)*500*time.Millisecond {
			t.Fatalf("after %s the parent is %+v", time.Since(began), f)
		}
		if i := kills % len(workers); kills < mostKills || !hurried { // then they work in peace, or a slow machine never ends
			kills++
			workers[i].Kill()
			workers[i] = s.tenantWorker(fmt.Sprintf("worker %d after kill %d", i, kills), 2)
			workers[i].Start()
		}
		if hurried {
			s.Expire()
			s.Exec(`UPDATE monthend.outbox SET due_at = clock_timestamp() WHERE sent_at IS NULL AND done_at IS NULL`)
		}
	}
	f := s.awaitFanout(sent, ledger.FanoutDone)
	t.Logf("%d tenants on 3 workers, %d kills: done after %s; %d attempts of %d runs", f.Tenants, kills,
		f.EndedAt.Sub(f.CreatedAt).Round(time.Millisecond), s.Number(`SELECT count(*) FROM monthend.attempts`), s.Number(`SELECT count(*) FROM monthend.runs`))
	if f.Tenants != *tenantCount || f.Good() != *tenantCount {
		t.Errorf("got %+v, want every tenant", f)
	}
	if hurried {
		s.Expire()
	}
	s.Check()
}

// fairBetweenTenants: a tenant of hundreds is well under way when a tenant of one asks. However long the first one's backlog
// is, the second waits for what stands in the queue and for what is in work, and for no more.
func fairBetweenTenants(t *testing.T) {
	const share, workers, backlog = 2, 3, 500
	s := NewStack(t, StackConfig{})
	s.Tenants(2)
	post := func(tenant string, month int) (id string) {
		job := report.Job{Report: tenantReport, Tenant: tenant, Period: report.Period{Year: 2024, Month: 1}.Add(-month).String()}
		job.RequestID = fmt.Sprintf("%s-%03d", tenant, month)
		body, err := job.Encode()
		if err == nil {
			err = s.Ledger.Post(t.Context(), ledger.Posting{RequestID: job.RequestID, Key: s.Key(job), Body: body})
		}
		if err != nil {
			t.Fatal(err)
		}
		return job.RequestID
	}
	const many, one = "tenant-00001", "tenant-00002"
	for month := range backlog {
		post(many, month)
	}
	for i := range workers {
		s.tenantWorker(fmt.Sprintf("worker %d", i), share).Start()
	}
	s.Until("the large tenant is under way", func(context.Context) bool {
		return s.Number(`SELECT count(*) FROM monthend.runs WHERE tenant = $1 AND outcome = 'published'`, many) >= 5
	})
	id := post(one, 0)
	s.Until("the small tenant is done", func(ctx context.Context) bool {
		r, err := s.Ledger.Request(ctx, id)
		return err == nil && r.Outcome == report.Published
	})
	before := s.Number(`
		SELECT count(*) FROM monthend.requests m, monthend.outbox o JOIN monthend.requests r USING (request_id)
		 WHERE o.request_id = $1 AND m.tenant = $2 AND m.ended_at BETWEEN o.created_at AND r.ended_at`, id, many)
	t.Logf("%d reports of the large tenant ended while the small one waited", before)
	if most := 2 * (share + workers); before > most {
		t.Errorf("got %d reports of the large tenant before the small one's, want %d at the most", before, most)
	}
	if open := s.Number(`SELECT count(*) FROM monthend.outbox WHERE tenant = $1 AND done_at IS NULL`, many); open < backlog/10 {
		t.Errorf("only %d of %d are left of the large tenant's: the test shows nothing", open, backlog)
	}
}

// oneTenantFails: of a burst of 500 one tenant's data is bad.
func oneTenantFails(t *testing.T) {
	tenants, bad := 500, "tenant-00050"
	if raceFlag != "" {
		tenants = 100 // the same, at a tenth of the pace
	}
	s := NewStack(t, StackConfig{})
	s.Tenants(tenants)
	s.Exec(`UPDATE books.tenants SET amount = NULL WHERE name = $1`, bad)
	for i := range 2 {
		w := s.tenantWorker(fmt.Sprintf("worker %d", i), 2)
		w.Env["MONTHEND_CONCURRENCY"] = "2"
		w.Env["MONTHEND_XRAY_ADDRESS"] = ""
		w.Start()
	}
	sent := s.Send(allTenants())
	s.Expect(sent, report.DataFailed)
	f := s.awaitFanout(sent, ledger.FanoutPartial)
	if f.Good() != tenants-1 || f.Children[report.DataFailed] != 1 || f.Outcome != report.DataFailed {
		t.Errorf("got %+v, want %d published and one whose data failed", f, tenants-1)
	}
	code, out := s.Command("runs", "show", sent.RequestID)
	if code != 0 || !strings.Contains(out, fmt.Sprintf("%d of %d done", tenants-1, tenants)) || !strings.Contains(out, bad) || !strings.Contains(out, "amount-present") {
		t.Errorf("got exit code %d, want the counts, the tenant and why:\n%s", code, out)
	}

	s.Exec(`UPDATE books.tenants SET amount = 1 WHERE name = $1`, bad)
	attempts := s.Number(`SELECT count(*) FROM monthend.attempts`)
	if code, out := s.Command("runs", "retry", sent.RequestID, "--wait"); code != 0 || !strings.Contains(out, fmt.Sprintf("%[1]d of %[1]d done", tenants)) {
		t.Errorf("got exit code %d, want all done:\n%s", code, out)
	}
	s.awaitFanout(sent, ledger.FanoutDone)
	if got := s.Number(`SELECT count(*) FROM monthend.attempts`); got != attempts+1 {
		t.Errorf("got %d attempts after the retry, want %d and the one", got, attempts)
	}
	if code, out := s.Command("trigger", tenantReport, "--month", "1", "--year", "2024", "--wait", "-o", "json"); code != 0 || !strings.Contains(out, fmt.Sprintf(`"duplicate": %d`, tenants)) {
		t.Errorf("got exit code %d, want everybody there already:\n%s", code, out)
	}
	if got := s.Number(`SELECT count(*) FROM monthend.attempts`); got != attempts+1 {
		t.Errorf("got %d attempts after another asking, want none for it", got)
	}
	s.Check()
}

// killBetweenSendAndMark: the queue has the messages of a call, and the drain that sent them dies before it says so.
func killBetweenSendAndMark(t *testing.T) {
	s := NewStack(t, StackConfig{})
	s.Tenants(8)
	victim := s.tenantWorker("victim", 2)
	victim.Ledger.Set(Trap{Text: "monthend.sent(", Do: victim.Killed})
	victim.Start()
	sent := s.Send(allTenants())
	victim.Wait()
	if d := s.Depth(t.Context()); d.Waiting+d.InFlight < 8 {
		t.Fatalf("got %+v on the queue: nothing was sent before the drain died, and the test shows nothing", d)
	}
	if n := s.Number(`SELECT count(*) FROM monthend.outbox WHERE sent_at IS NULL`); n != 8 {
		t.Fatalf("%d rows are not known to be sent, want all 8", n)
	}
	s.Expire()
	s.Exec(`UPDATE monthend.outbox SET due_at = clock_timestamp()`) // as long later as a drain may take
	next := s.tenantWorker("next", 2)
	calls := next.SQS.Count("SendMessageBatch ")
	next.Start()
	s.awaitFanout(sent, ledger.FanoutDone)
	s.Check()
	if calls() == 0 {
		t.Error("nothing was sent again")
	}
	if got := s.Number(`SELECT count(*) FROM monthend.attempts WHERE run_id IN (SELECT run_id FROM monthend.runs WHERE tenant <> '') AND attempt > 2`); got != 0 {
		t.Errorf("got %d attempts too many", got)
	}
}

// messagesPurged: somebody empties the queue. The ledger knows what it has asked for, and asks again.
func messagesPurged(t *testing.T) {
	s := NewStack(t, StackConfig{})
	s.Tenants(8)
	victim := s.tenantWorker("victim", 2)
	victim.Ledger.Set(Trap{Text: "monthend.sent(", Answer: true, Do: victim.Killed})
	victim.Start()
	sent := s.Send(allTenants())
	victim.Wait()
	if _, err := s.Client.PurgeQueue(t.Context(), &awssqs.PurgeQueueInput{QueueUrl: &s.Queue}); err != nil {
		t.Fatal(err)
	}
	s.Until("an empty queue", func(ctx context.Context) bool {
		d := s.Depth(ctx)
		return d.Waiting+d.InFlight+d.Delayed == 0
	})
	s.Exec(`UPDATE monthend.runs SET lease_until = clock_timestamp() - interval '1 second' WHERE lease_until IS NOT NULL`)
	s.Exec(`UPDATE monthend.outbox SET due_at = due_at - interval '30 minutes'`) // so long later
	s.tenantWorker("next", 2).Start()
	s.awaitFanout(sent, ledger.FanoutDone)
	s.Check()
}

// parentDeliveredTwice: the worker dies once the fan-out is committed, before its message is deleted.
func parentDeliveredTwice(t *testing.T) {
	s := NewStack(t, StackConfig{})
	s.Tenants(5)
	victim := s.tenantWorker("victim", 2)
	victim.Ledger.Set(Trap{Text: "commit", Answer: true, Do: victim.Killed})
	victim.Start()
	sent := s.Send(allTenants())
	victim.Wait()
	s.Exec(`INSERT INTO books.tenants VALUES ('later', 1)`) // whoever comes after the parent was recorded is not of it
	s.Expire()
	next := s.tenantWorker("next", 2)
	asked := next.Source.Count("FROM books.tenants AS t ORDER BY")
	next.Start()
	if f := s.awaitFanout(sent, ledger.FanoutDone); f.Tenants != 5 {
		t.Errorf("got %d tenants, want the five", f.Tenants)
	}
	s.Check()
	if asked() != 0 {
		t.Error("the source was asked for its tenants again")
	}
}

// cancelledParent: what has not begun never does, what is in work ends, what is published stays.
func cancelledParent(t *testing.T) {
	s := NewStack(t, StackConfig{})
	s.Tenants(12)
	w := s.tenantWorker("only", 1)
	hold := NewHold(t)
	w.Source.Set(Trap{Text: "WHERE t.name = ", Skip: 3, Do: hold.Do})
	w.Start()
	sent := s.Send(allTenants())
	s.Expect(sent, report.Cancelled)
	hold.Wait()
	code, out := s.Command("runs", "cancel", sent.RequestID, "-o", "json")
	var line struct{ Status string }
	if err := json.Unmarshal([]byte(out), &line); code != 0 || err != nil || line.Status != "asked" {
		t.Fatalf("got exit code %d, %v, want it asked:\n%s", code, err, out)
	}
	hold.Release()
	f := s.awaitFanout(sent, ledger.FanoutPartial)
	if f.Good() != 3 || f.Children[report.Cancelled] != 9 || f.Outcome != report.Cancelled {
		t.Errorf("got %+v, want three published before and nine cancelled", f)
	}
	children, err := s.Ledger.Children(t.Context(), sent.RequestID, ledger.ChildFilter{Bad: true})
	if err != nil || len(children) != 9 || slices.ContainsFunc(children, func(c ledger.Child) bool { return c.Error == "" }) {
		t.Errorf("got %+v, %v; want nine that say why", children, err)
	}
	s.Check()
}
