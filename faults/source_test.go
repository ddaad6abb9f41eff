package faults_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/monthend/monthend/local/postgres"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// postgresRestarts restarts the one server that holds ledger and source.
func postgresRestarts(t *testing.T) {
	dir, err := os.MkdirTemp("", "mhpg") // short: the path of its socket is bounded
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	server, err := postgres.Start(t.Context(), postgres.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	if err := server.CreateDatabase(t.Context(), "restarted"); err != nil {
		t.Fatal(err)
	}
	if err := books(t.Context(), server.URL("restarted")); err != nil {
		t.Fatal(err)
	}

	s := NewStack(t, StackConfig{Database: server.URL("restarted")})
	w := s.NewWorker("only")
	hold := w.HoldAt(Extracting)
	w.Start()
	sent := s.Send(job(""))
	hold.Wait()
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	again, err := postgres.Start(t.Context(), postgres.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// Before the server goes down for good, so do those who are connected to it.
		w.Kill()
		s.Ledger.Close()
		again.Close()
	})
	if again.URL("restarted") != s.Database() {
		t.Fatal("the server came back at another place")
	}
	hold.Release()
	s.Check()
	if attempts := s.attempts(sent); len(attempts) != 2 {
		t.Errorf("got attempts %+v, want a second one that reads everything anew", attempts)
	}
}

// setReadOnly makes every new session of the stack's database read-only, as an old primary is that became a standby.
func (s *Stack) setReadOnly(on bool) {
	s.tb.Helper()
	value := "off"
	if on {
		value = "on"
	}
	var name string
	conn, err := pgx.Connect(s.tb.Context(), s.Database())
	if err != nil {
		s.tb.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(s.tb.Context()))
	if err := conn.QueryRow(s.tb.Context(), `SELECT current_database()`).Scan(&name); err != nil {
		s.tb.Fatal(err)
	}
	_, err = conn.Exec(s.tb.Context(), `BEGIN READ WRITE; ALTER DATABASE `+pgx.Identifier{name}.Sanitize()+
		` SET default_transaction_read_only = `+value+`; COMMIT`)
	if err != nil {
		s.tb.Fatal(err)
	}
}

func readOnlyPrimary(t *testing.T) {
	s := NewStack(t, StackConfig{})
	w := s.NewWorker("only")
	hold := w.HoldAt(Extracting)
	w.Start()
	sent := s.Send(job(""))
	hold.Wait()
	s.setReadOnly(true)
	w.Ledger.Cut()
	hold.Release()
	// The source still answers: the run gets as far as it can without the ledger.
	w.Await("that it stopped", func(e Entry) bool { return says("job put back")(e) || says("lease lost")(e) })
	s.wantNothingCurrent(sent.Job)
	if r, err := s.Ledger.Request(t.Context(), sent.RequestID); err != nil || r.Outcome != "" {
		t.Errorf("got outcome %q, %v, want none yet", r.Outcome, err)
	}
	s.setReadOnly(false)
	s.Expire()
	s.Check()
}

// ledgerForgets loses everything that the ledger knew of a published version, as a failover to a replica that lagged.
func ledgerForgets(t *testing.T) {
	s := NewStack(t, StackConfig{S3: true})
	_, sent := s.victim(Published)
	before := s.files(s.Key(sent.Job).Path())
	s.Exec(`DROP SCHEMA monthend CASCADE`)
	if _, _, err := ledger.Migrate(t.Context(), s.Database()); err != nil {
		t.Fatal(err)
	}
	s.SQS.Advance(visibility)
	s.StartWorker("next")
	got := s.Check()
	versions, err := s.Ledger.Versions(t.Context(), s.Key(sent.Job))
	if err != nil || len(versions) != 1 || versions[0].Number != 1 {
		t.Errorf("got versions %+v, %v, want version 1 adopted", versions, err)
	}
	if got.Orphans > 0 {
		t.Errorf("got %d orphans of %v, want none: the version in the store is the one", got.Orphans, before)
	}
}

// rowsChange: what is committed between two queries of an extraction is seen by neither or by both.
func rowsChange(t *testing.T) {
	s := NewStack(t, StackConfig{})
	s.Clean(job(""))
	w := s.NewWorker("only")
	hold := w.HoldAt(Extracting)
	w.Start()
	sent := s.Send(job(""))
	hold.Wait()
	s.Exec(`INSERT INTO books.entries VALUES (999999, '2024-01-15T12:00:00Z', 1, 10)`)
	s.Exec(`UPDATE books.entries SET amount = amount + 1 WHERE id = 1001`)
	s.Exec(`UPDATE books.accounts SET name = 'Sold' WHERE id = 1`)
	hold.Release()
	s.Check() // byte-equal to the run before the change, control total and all
	s.wantAttempts(sent, 1, 0)
}

// lockEntries keeps everybody out of the table until the returned function is called.
func (s *Stack) lockEntries() (unlock func()) {
	s.tb.Helper()
	conn, err := pgx.Connect(s.tb.Context(), s.Database())
	if err != nil {
		s.tb.Fatal(err)
	}
	unlock = func() { conn.Close(context.WithoutCancel(s.tb.Context())) }
	s.tb.Cleanup(unlock)
	if _, err := conn.Exec(s.tb.Context(), `BEGIN; LOCK TABLE books.entries IN ACCESS EXCLUSIVE MODE`); err != nil {
		s.tb.Fatal(err)
	}
	return unlock
}

func lockTimeout(t *testing.T) {
	s := NewStack(t, StackConfig{})
	unlock := s.lockEntries()
	w := s.NewWorker("only")
	w.Env["MONTHEND_SOURCE_URL"] = w.Source.URL("lock_timeout", "300ms")
	w.Start()
	sent := s.Send(job(""))
	w.Await("that it tries again", says("job put back"))
	unlock()
	s.Check()
	attempts := s.attempts(sent)
	if len(attempts) < 2 || attempts[0].Crashed || attempts[0].Error == "" {
		t.Errorf("got attempts %+v, want a second one, and why the first ended", attempts)
	}
}

// leaseLivesOn: a query that waits for longer than a lease must not cost it.
func leaseLivesOn(t *testing.T) {
	s := NewStack(t, StackConfig{})
	unlock := s.lockEntries()
	s.StartWorker("only")
	sent := s.Send(job(""))
	first := s.AwaitRun(sent)
	s.Until("a renewal", func(ctx context.Context) bool {
		run, err := s.Ledger.Run(ctx, first.RunID)
		return err == nil && run.LeaseUntil.After(first.LeaseUntil.Add(time.Second))
	})
	unlock()
	s.Check()
	s.wantAttempts(sent, 1, 0)
}

func poolExhausted(t *testing.T) {
	s := NewStack(t, StackConfig{})
	w := s.NewWorker("only")
	w.Env["MONTHEND_SOURCE_URL"] = w.Source.URL("pool_max_conns", "1")
	w.Env["MONTHEND_CONCURRENCY"] = "2"
	hold := w.HoldAt(Extracting)
	w.Start()
	one := s.Send(job("one"))
	hold.Wait()
	two := s.Send(job("two"))
	s.AwaitRun(two)
	hold.Release()
	s.Check()
	s.wantAttempts(one, 1, 0)
	s.wantAttempts(two, 1, 0)
}

// dataFails: a verdict against the data is no breakdown, and is not tried again.
func dataFails(t *testing.T) {
	s := NewStack(t, StackConfig{})
	s.Exec(`UPDATE books.entries SET amount = NULL WHERE id % 10 = 0`)
	w := s.StartWorker("only")
	sent := s.Send(job(""))
	s.Expect(sent, report.DataFailed)
	s.Check()
	s.wantAttempts(sent, 1, 0)
	told := w.Await("the verdict", says("job data_failed"))
	if told.Text("level") != "ERROR" {
		t.Errorf("got level %q, want ERROR: somebody must be alerted", told.Text("level"))
	}
	code, out := s.Command("trigger", reportName, "--month", "1", "--year", "2024", "--wait")
	if code != 3 {
		t.Errorf("got exit code %d, want 3:\n%s", code, out)
	}
}
