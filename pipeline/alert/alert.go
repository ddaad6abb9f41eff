// Package alert tells those outside what went wrong: it looks which conditions the ledger has noted, asks the definition who is to hear
// of them, and writes one delivery for each. It stands in the pipeline, above the ledger, beside the runs and apart from them. It
// brings nothing to anybody (deliver does, again and again), it decides nothing about runs, and it knows no schedules: what is missing is
// told to it.
package alert

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// Config is what an Alerter works with. Ledger and Definition are required.
type Config struct {
	Ledger     *ledger.Store
	Definition func(name string) (report.Definition, error) // of a report, as a Catalog's Get; an error is that it is not known here
	Missing    func(ctx context.Context) ([]Missing, error) // what is missing now; nil is nothing

	Poll        time.Duration // between two looks at what was noted; 0 is 2 s
	MissingPoll time.Duration // between two looks for what is missing; 0 is 1 min
	Forget      time.Duration // how long a condition waits for somebody who knows its report; 0 is 24 h

	Logger *slog.Logger
	Now    func() time.Time // spaces the looks; nil is time.Now
}

// Alerter tells what was noted. Any number of them may look at one ledger: each condition is told once.
type Alerter struct {
	cfg    Config
	looked time.Time // for what is missing
	told   atomic.Int64
}

// New checks cfg.
func New(cfg Config) (*Alerter, error) {
	if cfg.Ledger == nil || cfg.Definition == nil {
		return nil, errors.New("alert: a ledger and definitions are needed")
	}
	cfg.Poll = cmp.Or(cfg.Poll, 2*time.Second)
	cfg.MissingPoll = cmp.Or(cfg.MissingPoll, time.Minute)
	cfg.Forget = cmp.Or(cfg.Forget, 24*time.Hour)
	if cfg.Missing == nil {
		cfg.Missing = func(context.Context) ([]Missing, error) { return nil, nil }
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Alerter{cfg: cfg}, nil
}

// Told is how many conditions this Alerter has told, to whomever.
func (a *Alerter) Told() int64 { return a.told.Load() }

const (
	atOnce     = 100             // conditions of one round
	knownLater = time.Minute     // until one whose report is not known here is looked at again
	longest    = 5 * time.Minute // between two rounds while the ledger does not answer
)

// Run tells what is noted until ctx ends, and rides out outages of the ledger.
func (a *Alerter) Run(ctx context.Context) error {
	for failures := 0; ; {
		pause := a.cfg.Poll
		err := a.Round(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			if failures++; failures&(failures-1) == 0 { // the 1st, 2nd, 4th, 8th time
				a.cfg.Logger.Warn("alerts cannot be looked for", "times", failures, "error", err)
			}
			pause = min(longest, pause<<min(failures, 10))
		default:
			failures = 0
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// Round notes what is missing, where that is due to be looked for, and tells what is noted. One condition that cannot be told keeps
// no other from being told.
func (a *Alerter) Round(ctx context.Context) error {
	var failed []error
	if now := a.cfg.Now(); a.looked.IsZero() || now.Sub(a.looked) >= a.cfg.MissingPoll {
		err := a.noteMissing(ctx)
		if err == nil {
			a.looked = now
		}
		failed = append(failed, err)
	}
	for {
		conditions, err := a.cfg.Ledger.Untold(ctx, atOnce)
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		stuck := false
		together := map[string]bool{} // what was told with another of these
		for _, c := range conditions {
			if c.Parent != "" {
				lot := string(c.Kind) + "/" + c.Parent
				if together[lot] {
					continue
				}
				together[lot] = true
			}
			if err := a.tell(ctx, c); err != nil {
				failed, stuck = append(failed, err), true
			}
		}
		if len(conditions) < atOnce || stuck {
			return errors.Join(failed...)
		}
	}
}

func (a *Alerter) noteMissing(ctx context.Context) error {
	missing, err := a.cfg.Missing(ctx)
	failed := []error{err}
	for _, m := range missing {
		_, err := a.cfg.Ledger.Note(ctx, m.condition())
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// tell writes the deliveries of a condition, then that they are written. Cut off between the two, it is done again and writes nothing
// twice: a delivery is known by its recipient and condition.
func (a *Alerter) tell(ctx context.Context, c ledger.Condition) error {
	def, err := a.cfg.Definition(c.Key.Report)
	if err != nil {
		return a.leave(ctx, c, err)
	}
	recipients := listeners(def, c.Kind)
	if c.Parent != "" {
		return a.tellTogether(ctx, c, def.Title, recipients)
	}
	if len(recipients) > 0 {
		told, err := alertOf(letterOf(c, def.Title), c.Key, recipients)
		if err != nil {
			return err
		}
		if _, err := a.cfg.Ledger.PostAlert(ctx, told); err != nil {
			return err
		}
	}
	if err := a.cfg.Ledger.Told(ctx, c.Name, len(recipients)); err != nil {
		return err
	}
	if len(recipients) > 0 {
		a.told.Add(1)
		a.cfg.Logger.Info("alert posted", "condition", c.Name, "report", c.Key.Report, "period", c.Key.Period.String(), "tenant", c.Key.Tenant,
			"run", c.RunID, "recipients", len(recipients))
	}
	return nil
}

// tellTogether tells of c and of everything of its kind that other tenants of its parent have and nobody was told of: one alert, of
// however many.
func (a *Alerter) tellTogether(ctx context.Context, c ledger.Condition, reportTitle string, recipients []report.Delivery) error {
	parent, err := a.cfg.Ledger.Fanout(ctx, c.Parent)
	if err != nil {
		return err
	}
	var posted ledger.Alert
	told, err := a.cfg.Ledger.TellTogether(ctx, c.Parent, c.Kind, func(all []ledger.Condition) (ledger.Alert, error) {
		key := report.Key{Report: c.Key.Report, Period: c.Key.Period}
		if len(all) == 1 {
			key = all[0].Key
		}
		var err error
		posted, err = alertOf(lettersOf(all, parent, reportTitle), key, recipients)
		return posted, err
	})
	if err == nil && told > 0 && len(recipients) > 0 {
		a.told.Add(int64(told))
		a.cfg.Logger.Info("alert posted", "condition", posted.Condition, "report", c.Key.Report, "period", c.Key.Period.String(),
			"tenants", told, "request", c.Parent, "recipients", len(recipients))
	}
	return err
}

// alertOf is a letter to its recipients.
func alertOf(l letter, key report.Key, recipients []report.Delivery) (ledger.Alert, error) {
	body, err := l.encode()
	return ledger.Alert{Condition: l.Condition, Key: key, RunID: l.RunID, Title: l.Title, Body: body, Recipients: recipients}, err
}

// leave leaves a condition of a report that is not known here to whoever knows it, for a while.
func (a *Alerter) leave(ctx context.Context, c ledger.Condition, why error) error {
	now, err := a.cfg.Ledger.Now(ctx)
	if err != nil {
		return err
	}
	if now.Sub(c.NotedAt) < a.cfg.Forget {
		return a.cfg.Ledger.TellLater(ctx, c.Name, knownLater)
	}
	a.cfg.Logger.Warn("nobody is told: the report is not known", "condition", c.Name, "report", c.Key.Report, "error", why)
	if err := a.cfg.Ledger.Told(ctx, c.Name, 0); err != nil {
		return fmt.Errorf("give condition %q up: %w", c.Name, err)
	}
	return nil
}

// listeners are who is to hear of a kind.
func listeners(def report.Definition, kind report.AlertKind) []report.Delivery {
	var out []report.Delivery
	for _, alert := range def.Alerts {
		if slices.Contains(alert.On, kind) {
			out = append(out, alert.To)
		}
	}
	return out
}
