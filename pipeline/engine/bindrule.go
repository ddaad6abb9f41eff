//go:build cgo

package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/monthend/monthend/report"
)

// rule binds rule i of the definition. Fields that the definition got wrong are empty, and passed over.
func (b *binding) rule(ctx context.Context, i int, r report.Rule) {
	steps := func(more ...any) []any { return append([]any{"validate", "rules", i}, more...) }
	what := fmt.Sprintf("rule %q: ", r.Name)
	switch {
	case r.Check != "":
		b.check(ctx, what, r, steps("check"))
	case len(r.Unique) > 0:
		fine := true
		for j, c := range r.Unique {
			fine = b.column(what, r.On, c, steps("unique", j)...) && fine
		}
		for j, c := range r.Order {
			fine = b.column(what, r.On, c, steps("order", j)...) && fine
		}
		if fine {
			b.scan(ctx, what, r, steps("unique"))
		}
	case r.References != nil:
		target := b.column(what, r.References.Table, r.References.Target, steps("references")...)
		at := steps("column")
		if r.References.Column == r.References.Target {
			at = steps("references")
		}
		if b.column(what, r.On, r.References.Column, at...) && target && b.known(r.On) && b.known(r.References.Table) {
			b.reference(ctx, what, r, steps("references"))
		}
	case r.Freshness != nil:
		b.freshness(ctx, what, r, steps("freshness"))
	}
}

// check binds a condition. In the text that is bound it begins on the second line, so the places of mistakes are one line off.
func (b *binding) check(ctx context.Context, what string, r report.Rule, steps []any) {
	text := "SELECT (\n" + r.Check + "\n)"
	if r.On != "" { // else the definition has a mistake there
		text += " FROM " + b.w.source(r.On)
	}
	fail := func(err error) {
		line, col, message := told(ctx, err, text)
		if strings.HasPrefix(message, "table with name ") {
			message += "; a row rule sees extracted rows only, in tables named with " + extractedSuffix
		}
		b.findings = append(b.findings, Finding{Steps: steps, Line: max(0, line-1), Col: col, Message: what + message})
	}
	s, err := b.w.parseTree(ctx, text)
	if err == nil {
		// Without the parentheses too, so that it does not close them itself.
		_, err = b.w.parseTree(ctx, "SELECT\n"+r.Check)
	}
	if err == nil {
		err = inspect(s.node)
	}
	if err == nil && b.known(r.On) && !b.readsUnknown(s) {
		err = b.prepare(ctx, text)
	}
	if err != nil {
		fail(err)
		return
	}
	if !b.known(r.On) || b.readsUnknown(s) {
		return
	}
	columns, err := b.w.columnsOf(ctx, text)
	if err == nil && len(columns) == 1 && columns[0].ddl != "BOOLEAN" && columns[0].ddl != `"NULL"` {
		b.find(fmt.Sprintf("%sa check is a condition, and this is %s", what, columns[0].ddl), steps...)
		return
	}
	b.scan(ctx, what, r, steps)
}

// scan compiles a row rule as Validate does, and binds what comes out.
func (b *binding) scan(ctx context.Context, what string, r report.Rule, steps []any) {
	if !b.known(r.On) {
		return
	}
	sql, err := b.w.scanOf(ctx, r)
	if err == nil {
		err = b.prepare(ctx, sql)
	}
	if err != nil {
		_, _, message := told(ctx, err, sql)
		b.find(what+message, steps...)
	}
}

// assert binds the query of an assert: two exact columns.
func (b *binding) assert(ctx context.Context, r report.Rule) {
	if r.Assert == "" {
		return
	}
	columns, s := b.selectOf(ctx, r.AssertPath, r.Assert)
	if s == nil || len(columns) == 0 {
		return
	}
	if len(columns) != 2 {
		b.findIn(r.AssertPath, r.Assert, s.item(2, len(columns)),
			fmt.Sprintf("%d columns are returned; an assert returns expected and actual", len(columns)))
		return
	}
	for i, c := range columns {
		o, err := newOutline(c.name, c.ddl)
		if err == nil && o.kind != report.Decimal && o.kind != report.Integer {
			err = fmt.Errorf("column %q is %s; an assert compares decimals or integers", c.name, c.ddl)
		}
		if err != nil {
			b.findIn(r.AssertPath, r.Assert, s.item(i, len(columns)), err.Error())
		}
	}
}

// reference wants two columns that can be compared: the engine would try to read a text as a number, and fail at a row.
func (b *binding) reference(ctx context.Context, what string, r report.Rule, steps []any) {
	here, err := b.w.columnsOf(ctx, "SELECT "+name(r.References.Column)+" FROM "+b.w.source(r.On))
	if err != nil || len(here) != 1 {
		return
	}
	there, err := b.w.columnsOf(ctx, "SELECT "+name(r.References.Target)+" FROM "+b.w.source(r.References.Table))
	if err != nil || len(there) != 1 {
		return
	}
	if (here[0].ddl == "VARCHAR") != (there[0].ddl == "VARCHAR") {
		b.find(fmt.Sprintf("%s%s is %s and %s(%s) is %s; cast one in its extract", what, r.References.Column, here[0].ddl,
			r.References.Table, r.References.Target, there[0].ddl), steps...)
		return
	}
	b.scan(ctx, what, r, steps)
}

// freshness wants a column that says when.
func (b *binding) freshness(ctx context.Context, what string, r report.Rule, steps []any) {
	if !b.known(r.On) || !b.column(what, r.On, r.Freshness.Column, steps...) {
		return
	}
	columns, err := b.w.columnsOf(ctx, "SELECT "+name(r.Freshness.Column)+" FROM "+b.w.source(r.On))
	if err != nil || len(columns) != 1 {
		return // the context has ended
	}
	if o, err := newOutline(columns[0].name, columns[0].ddl); err != nil || o.kind != report.Date && o.kind != report.Timestamp {
		b.find(fmt.Sprintf("%scolumn %q is %s; want a date or a timestamp", what, columns[0].name, columns[0].ddl), steps...)
	}
}
