package desk

import (
	"context"
	"errors"
	"fmt"

	"github.com/monthend/monthend/pipeline/column"
	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/report"
)

// Check finds every mistake of a definition that shows without reading a row, those that the reading met included. With a source
// (nil leaves this part out) each extract query is prepared there, and the rules, datasets and blocks are bound with the columns
// that it would bring; without one their SQL is only parsed. limits.Spool exists; the time zone is the definition's.
//
// The error is never about the definition: the source cannot be reached, or ctx has ended.
func Check(ctx context.Context, r *report.Reading, src *source.Postgres, limits engine.Config) ([]report.Problem, error) {
	c := &check{reading: r, def: r.Definition, problems: r.Problems}
	if err := c.run(ctx, src, limits); err != nil {
		return nil, fmt.Errorf("check %q: %w", r.Dir(), err)
	}
	return report.SortProblems(c.problems), nil
}

// check is one Check.
type check struct {
	reading  *report.Reading
	def      report.Definition
	problems []report.Problem
}

func (c *check) run(ctx context.Context, src *source.Postgres, limits engine.Config) (err error) {
	limits.TimeZone = c.zone()
	w, err := engine.Open(ctx, limits)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if src != nil {
		if err := c.extracts(ctx, src, w); err != nil {
			return err
		}
	}
	if err := c.outside(ctx, w); err != nil {
		return err
	}
	datasets, findings, err := w.Bind(ctx, c.def)
	if err != nil {
		return err
	}
	for _, f := range findings {
		c.problems = append(c.problems, c.place(f))
	}
	c.problems = append(c.problems, c.reading.Fit(datasets)...)
	return nil
}

// zone is the definition's, UTC where it names none that is known.
func (c *check) zone() string {
	if c.def.Location == nil {
		return "UTC"
	}
	return c.def.Location.String()
}

// extracts prepares every query in one snapshot and declares the tables of those that are right.
func (c *check) extracts(ctx context.Context, src *source.Postgres, w *engine.Workspace) (err error) {
	snapshot, err := src.Begin(ctx, c.zone())
	if err != nil {
		if source.IsPermanent(err) && c.def.Location != nil { // a zone that only the server does not know
			c.problems = append(c.problems, c.reading.ProblemAt(message(err), "timezone"))
			return nil
		}
		return err
	}
	defer func() { err = errors.Join(err, snapshot.Close(ctx)) }()
	for _, asked := range []struct {
		query    report.Extract
		describe func(context.Context, report.Extract) error
	}{{c.def.Ready, snapshot.DescribeReady}, {c.def.Tenants, snapshot.DescribeTenants}} {
		if asked.query.SQL == "" {
			continue
		}
		switch err := asked.describe(ctx, asked.query); {
		case err != nil && !source.IsPermanent(err):
			return err
		case err != nil:
			c.problems = append(c.problems, c.inQuery(asked.query, err))
		}
	}
	for _, q := range c.def.Extract {
		if q.SQL == "" {
			continue // its file could not be read
		}
		columns, err := snapshot.Describe(ctx, q)
		if err == nil {
			err = c.declare(ctx, w, q, columns)
		}
		if err == nil {
			continue
		}
		if !source.IsPermanent(err) && !engine.IsPermanent(err) {
			return err
		}
		c.problems = append(c.problems, c.inQuery(q, err))
	}
	return nil
}

// outside declares the tables of extracts that are no queries: their columns stand in report.yaml, so nobody is called.
func (c *check) outside(ctx context.Context, w *engine.Workspace) error {
	for _, q := range c.def.Extract {
		if q.Outside == nil || len(q.Outside.Columns) == 0 {
			continue
		}
		columns, err := source.Declared(q)
		if err == nil {
			err = c.declare(ctx, w, q, columns)
		}
		if err != nil && !source.IsPermanent(err) && !engine.IsPermanent(err) {
			return err
		}
		if err != nil && len(c.reading.Problems) == 0 {
			c.problems = append(c.problems, c.reading.ProblemAt(message(err), "extract", q.Name))
		}
	}
	return nil
}

// declare makes the table of an extract, unless report.yaml is wrong about its name already.
func (c *check) declare(ctx context.Context, w *engine.Workspace, q report.Extract, columns []column.Column) error {
	err := w.Declare(ctx, q.Name, columns)
	if err != nil && len(c.reading.Problems) > 0 && ctx.Err() == nil {
		return nil
	}
	return err
}

// inQuery is what the source or the engine says about an extract query, at its place in the query's file.
func (c *check) inQuery(q report.Extract, err error) report.Problem {
	var placed *source.Error
	if errors.As(err, &placed) && placed.Line > 0 {
		return c.reading.ProblemIn(q.Path, placed.Line, placed.Col, placed.Message)
	}
	line, col := report.LineCol(q.SQL, report.Beginning(q.SQL))
	return c.reading.ProblemIn(q.Path, line, col, message(err))
}

// message is an error without a place.
func message(err error) string {
	var placed *source.Error
	if errors.As(err, &placed) {
		return placed.Message
	}
	return err.Error()
}

// place is a finding of the engine at its place.
func (c *check) place(f engine.Finding) report.Problem {
	switch {
	case f.File != "":
		return c.reading.ProblemIn(f.File, f.Line, f.Col, f.Message)
	case f.Line > 0:
		return c.reading.ProblemInText(f.Message, f.Line, f.Col, f.Steps...)
	}
	return c.reading.ProblemAt(f.Message, f.Steps...)
}
