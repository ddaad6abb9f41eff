package source

import (
	"fmt"
	"strings"
	"time"

	"github.com/monthend/monthend/report"
)

// Params are the values that a query may name.
type Params struct {
	PeriodStart time.Time // @period_start, timestamptz: the first instant of the period
	PeriodEnd   time.Time // @period_end, timestamptz: the first instant after it
	PeriodFirst time.Time // @period_first, date: the first day
	PeriodNext  time.Time // @period_next, date: the first day after the period
	Tenant      string    // @tenant, text: "" without a tenant
}

// parameter is one name and what it is bound as. The cast pins the type: without it PostgreSQL would take an instant for a
// wall clock wherever the query compares it with one. Values travel as text, which leaves no doubt about their zone.
type parameter struct {
	name, cast string
	value      func(Params) string
}

var parameters = []parameter{
	{"period_start", "timestamptz", func(p Params) string { return p.PeriodStart.Format(instantLayout) }},
	{"period_end", "timestamptz", func(p Params) string { return p.PeriodEnd.Format(instantLayout) }},
	{"period_first", "date", func(p Params) string { return p.PeriodFirst.Format(time.DateOnly) }},
	{"period_next", "date", func(p Params) string { return p.PeriodNext.Format(time.DateOnly) }},
	{"tenant", "text", func(p Params) string { return p.Tenant }},
}

// instantLayout is microseconds, as far as PostgreSQL counts, and the offset from UTC with its seconds.
const instantLayout = "2006-01-02 15:04:05.999999Z07:00:00"

// CheckQuery reports what is wrong with the parameters of a query: a name that is not known, a positional $1, a quote or
// comment without its end. The server is not asked. The error begins with "path:line:column:".
func CheckQuery(q report.Extract) error {
	_, err := bind(q, Params{})
	return err
}

// bound is a query as the server gets it.
type bound struct {
	query report.Extract
	sql   string
	args  [][]byte // as text, in the order of their numbers
	marks []mark
}

// mark is where a parameter was rewritten: it ends at to in the server's text and at from in the query's.
type mark struct{ from, to int }

// bind rewrites each @name outside of quotes and comments to a numbered, typed parameter.
func bind(q report.Extract, p Params) (bound, error) {
	l := &lexer{sql: q.SQL}
	b := bound{query: q}
	numbers := map[string]int{}
	var text strings.Builder
	for {
		t, err := l.next()
		if err != nil {
			return bound{}, mistakeAt(q, t.start, "%v", err)
		}
		switch t.kind {
		case tokenEnd:
			b.sql = text.String()
			return b, nil
		case tokenParameter:
			param, known := lookUp(t.text[1:])
			if !known {
				return bound{}, mistakeAt(q, t.start, "parameter %s is not known; there are %s", t.text, parameterNames())
			}
			if numbers[param.name] == 0 {
				b.args = append(b.args, []byte(param.value(p)))
				numbers[param.name] = len(b.args)
			}
			fmt.Fprintf(&text, "($%d::%s)", numbers[param.name], param.cast)
			b.marks = append(b.marks, mark{from: t.start + len(t.text), to: text.Len()})
		case tokenPositional:
			return bound{}, mistakeAt(q, t.start, "parameter %s has no value; there are %s", t.text, parameterNames())
		case tokenGlued:
			return bound{}, mistakeAt(q, t.start, "%s reads as an operator; put a space before @", t.text)
		default:
			text.WriteString(t.text)
		}
	}
}

// offset turns the server's place of a mistake, a character of its text counted from 1, into a byte offset of the query.
func (b bound) offset(position int32) int {
	at := len(b.sql)
	for i := range b.sql {
		if position--; position <= 0 {
			at = i
			break
		}
	}
	last := mark{}
	for _, m := range b.marks {
		if m.to > at {
			break
		}
		last = m
	}
	at = last.from + at - last.to
	for _, m := range b.marks { // inside a parameter: its end stands for all of it
		if m.from > last.from {
			at = min(at, m.from)
			break
		}
	}
	return min(at, len(b.query.SQL))
}

func lookUp(name string) (parameter, bool) {
	for _, p := range parameters {
		if p.name == name {
			return p, true
		}
	}
	return parameter{}, false
}

func parameterNames() string {
	list := make([]string, len(parameters))
	for i, p := range parameters {
		list[i] = "@" + p.name
	}
	return strings.Join(list, ", ")
}
