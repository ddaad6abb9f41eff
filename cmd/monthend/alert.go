package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/monthend/monthend/pipeline/alert"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/schedule"
)

// missedFor is how long a period that was found too late, and not asked for, is looked at: long enough that whoever was away notes it.
const missedFor = 31 * 24 * time.Hour

// newAlerter tells of what the ledger has noted and, by the definitions that are known here, of what is missing.
func newAlerter(books *ledger.Store, catalog *report.Catalog, logger *slog.Logger) (*alert.Alerter, error) {
	known := definitionsOf(catalog)
	return alert.New(alert.Config{
		Ledger: books, Definition: catalog.Get, Logger: logger,
		Missing: func(ctx context.Context) ([]alert.Missing, error) {
			missed, err := missedPeriods(ctx, books, known)
			if err != nil {
				return nil, err
			}
			overdue, err := schedule.DueNotPublished(ctx, books, known)
			for _, u := range overdue {
				missed = append(missed, alert.Missing{Kind: report.AlertOverdue, Report: u.Report, Period: u.Period, DueAt: u.DueBy})
			}
			return missed, err
		},
	})
}

// definitionsOf are those that can be read.
func definitionsOf(catalog *report.Catalog) []report.Definition {
	var known []report.Definition
	for _, name := range catalog.Names() {
		if def, err := catalog.Get(name); err == nil {
			known = append(known, def)
		}
	}
	return known
}

// missedPeriods are those that were due and that nobody has asked for: because no scheduler runs, or because none did for so long
// that they were too late.
func missedPeriods(ctx context.Context, books *ledger.Store, known []report.Definition) ([]alert.Missing, error) {
	now, err := books.Now(ctx)
	if err != nil {
		return nil, err
	}
	statuses, err := schedule.Statuses(ctx, books, known)
	if err != nil {
		return nil, err
	}
	var missed []alert.Missing
	for _, s := range statuses {
		for _, f := range s.Due {
			if now.Sub(f.At) > schedule.Grace {
				missed = append(missed, alert.Missing{Kind: report.AlertMissed, Schedule: s.ID, Report: s.Report, Period: f.Period, DueAt: f.At})
			}
		}
		past, err := books.Firings(ctx, s.ID)
		if err != nil {
			return nil, err
		}
		for _, f := range past {
			if f.RequestID == "" && now.Sub(f.FiredAt) < missedFor {
				missed = append(missed, alert.Missing{Kind: report.AlertMissed, Schedule: s.ID, Report: s.Report, Period: f.Period, DueAt: f.DueAt})
			}
		}
	}
	return missed, nil
}
