package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// BenchmarkDrain asks for ten thousand tenants and drains them into a queue, while whatever is sent ends at once: what the
// ledger and the drain themselves take.
func BenchmarkDrain(b *testing.B) {
	const tenants = 10_000
	d := newDrainStand(b)
	conn, err := pgx.Connect(b.Context(), d.database)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(b.Context())
	names := make([]string, tenants)
	for i := range names {
		names[i] = fmt.Sprintf("tenant-%05d", i)
	}
	var posting, draining time.Duration
	for round := 0; b.Loop(); round++ {
		ask := ledger.FanOut{RequestID: fmt.Sprintf("parent-%d", round), Tenants: names,
			Job: report.Job{Report: "sales", Restate: true, Reason: "bench"}, Period: report.Period{Year: 2026, Month: time.March}}
		began := time.Now()
		if _, err := d.books.FanOut(b.Context(), ask); err != nil {
			b.Fatal(err)
		}
		posting += time.Since(began)
		began = time.Now()
		made := d.drain(nil)
		for {
			if _, _, err := made.look(b.Context()); err != nil {
				b.Fatal(err)
			}
			tag, err := conn.Exec(b.Context(), `
				INSERT INTO monthend.requests (request_id, report, tenant, period, outcome, created_at, ended_at)
				SELECT request_id, report, tenant, period, 'unchanged', now(), now() FROM monthend.outbox WHERE sent_at IS NOT NULL AND done_at IS NULL`)
			if err != nil {
				b.Fatal(err)
			}
			if tag.RowsAffected() == 0 {
				break
			}
		}
		draining += time.Since(began)
		if sent := made.sent.Load(); sent != tenants {
			b.Fatalf("sent %d messages, want %d", sent, tenants)
		}
		if _, err := d.books.CloseFanouts(b.Context()); err != nil {
			b.Fatal(err)
		}
		if f, err := d.books.Fanout(b.Context(), ask.RequestID); err != nil || f.State != ledger.FanoutDone {
			b.Fatalf("got %+v, %v; want it done", f, err)
		}
	}
	b.ReportMetric(float64(tenants*b.N)/posting.Seconds(), "posted/s")
	b.ReportMetric(float64(tenants*b.N)/draining.Seconds(), "sent/s")
}
