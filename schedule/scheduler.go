package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// Segment is what the segment of a firing is called.
const Segment = "monthend-schedule"

// DefaultCatchUp is how long ago a period may have been due and still be asked for.
const DefaultCatchUp = 92 * 24 * time.Hour

// The pace of looking. What is due soon is waited for to the instant.
const (
	lookEvery  = 30 * time.Second       // the database's clock may be set
	retryAfter = 5 * time.Second        // the ledger did not answer
	leastWait  = 100 * time.Millisecond // between two looks
)

// Config says what is asked for, and where it is written.
type Config struct {
	Ledger      *ledger.Store
	Definitions []report.Definition
	Tracer      *trace.Tracer // nil traces nothing
	Logger      *slog.Logger  // nil is silent
	CatchUp     time.Duration // 0 is DefaultCatchUp

	Fired func() // told after each firing, for who brings messages to the queue; nil is nobody

	// Wait waits for so long, or until ctx ends; nil does. Nothing else here has a clock: what is due, the ledger's says.
	Wait func(ctx context.Context, d time.Duration)
}

// Scheduler fires the schedules of some definitions.
type Scheduler struct {
	cfg     Config
	planned []*planned
	dues    []*due
}

// planned is an entry and what is known of it.
type planned struct {
	entry
	since time.Time // when it was first seen; zero before it was met
	next  time.Time // the next firing after the last look; nothing is due before
	begun map[report.Period]begun
}

// due is a due_by that is to be met.
type due struct {
	report string
	rhythm string
	met    bool
}

// begun is a firing whose trace has begun and of which the ledger has not said yet what became of it.
type begun struct {
	segment *trace.Segment
	header  string
	id      string
}

// New checks cfg.
func New(cfg Config) (*Scheduler, error) {
	switch {
	case cfg.Ledger == nil:
		return nil, errors.New("scheduler: no ledger")
	case cfg.CatchUp < 0:
		return nil, fmt.Errorf("scheduler: a catch-up of %s is none", cfg.CatchUp)
	}
	if cfg.CatchUp == 0 {
		cfg.CatchUp = DefaultCatchUp
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Fired == nil {
		cfg.Fired = func() {}
	}
	if cfg.Wait == nil {
		cfg.Wait = wait
	}
	s := &Scheduler{cfg: cfg}
	for _, e := range entries(cfg.Definitions) {
		s.planned = append(s.planned, &planned{entry: e, begun: map[report.Period]begun{}})
	}
	for _, def := range cfg.Definitions {
		if def.DueBy != nil {
			s.dues = append(s.dues, &due{report: def.Name, rhythm: dueByRhythm(*def.DueBy)})
		}
	}
	return s, nil
}

// Schedules are how many there are.
func (s *Scheduler) Schedules() int { return len(s.planned) }

// Run fires what is due until ctx ends, and rides out outages of the ledger.
func (s *Scheduler) Run(ctx context.Context) error {
	defer s.end()
	for failures := 0; ctx.Err() == nil; {
		pause, err := s.Round(ctx)
		switch {
		case err == nil && failures > 0:
			s.cfg.Logger.InfoContext(ctx, "schedules are looked at again")
			failures = 0
		case err != nil && ctx.Err() == nil:
			pause = retryAfter
			if failures++; failures&(failures-1) == 0 { // the 1st, 2nd, 4th, 8th time
				s.cfg.Logger.ErrorContext(ctx, "schedules cannot be looked at", "times", failures, "error", err)
			}
		}
		s.cfg.Wait(ctx, max(pause, leastWait))
	}
	return ctx.Err()
}

// Round fires what is due now and says how long it is until the next look is worth it. What cannot be fired keeps nothing else
// from being fired.
func (s *Scheduler) Round(ctx context.Context) (time.Duration, error) {
	now, err := s.cfg.Ledger.Now(ctx)
	if err != nil {
		return 0, err
	}
	next := now.Add(lookEvery)
	var failed []error
	for _, d := range s.dues {
		if !d.met {
			_, err := s.cfg.Ledger.Meet(ctx, d.report, d.rhythm, d.report)
			d.met = err == nil
			failed = append(failed, err)
		}
	}
	for _, p := range s.planned {
		if err := s.look(ctx, p, now); err != nil {
			failed = append(failed, err)
			continue
		}
		if p.next.Before(next) {
			next = p.next
		}
	}
	return next.Sub(now), errors.Join(failed...)
}

// look fires what is due of one schedule. Only when all of it has its row the next firing is waited for.
func (s *Scheduler) look(ctx context.Context, p *planned, now time.Time) error {
	if p.since.IsZero() {
		since, err := s.cfg.Ledger.Meet(ctx, p.id, p.Rhythm(), p.report)
		if err != nil {
			return err
		}
		p.since = since
	}
	if now.Before(p.next) {
		return nil
	}
	past, err := s.cfg.Ledger.Firings(ctx, p.id)
	if err != nil {
		return err
	}
	recorded := map[report.Period]bool{}
	for _, f := range past {
		// One of which the answer was lost is asked for again: its trace wants its end.
		if _, waits := p.begun[f.Period]; !waits {
			recorded[f.Period] = true
		}
	}
	for _, f := range p.Between(p.since, now, recorded) {
		if err := s.fire(ctx, p, f, now); err != nil {
			return err
		}
	}
	p.next = p.Next(now).At
	return nil
}

// wait is Config.Wait.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
