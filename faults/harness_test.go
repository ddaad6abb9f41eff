package faults_test

import (
	"testing"

	"github.com/monthend/monthend/report"
)

// job asks for January of a tenant.
func job(tenant string) report.Job {
	return report.Job{Report: reportName, Period: "2024-01", Tenant: tenant}
}

// TestUndisturbed is the harness without a fault: what it reports as hurt must be hurt.
func TestUndisturbed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		config StackConfig
	}{
		{"Directory", StackConfig{}},
		{"S3", StackConfig{S3: true}},
		{"FIFO", StackConfig{FIFO: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := NewStack(t, c.config)
			w := s.StartWorker("only").Ready()
			s.Send(job(""))
			s.Send(job("north"))
			got := s.Check()
			if want := (Tally{Jobs: 2, Published: 2}); got.String() != want.String() || got.Orphans+got.Stale > 0 {
				t.Errorf("got %s, %d orphans, %d stale, want %s", got, got.Orphans, got.Stale, want)
			}
			if code := w.Stop(); code != 0 {
				t.Errorf("got exit code %d, want 0", code)
			}
		})
	}
}
