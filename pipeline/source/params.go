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
// wall clock wherever the query compares it with one.
type parameter struct {
	name, cast string
	value      func(Params) any
}

var parameters = []parameter{
	{"period_start", "timestamptz", func(p Params) any { return p.PeriodStart }},
	{"period_end", "timestamptz", func(p Params) any { return p.PeriodEnd }},
	{"period_first", "date", func(p Params) any { return p.PeriodFirst }},
	{"period_next", "date", func(p Params) any { return p.PeriodNext }},
	{"tenant", "text", func(p Params) any { return p.Tenant }},
}

// CheckQuery reports what is wrong with the parameters of a query: a name that is not known, a positional $1, a quote or
// comment without its end. The server is not asked. The error begins with "path:line:".
func CheckQuery(q report.Extract) error {
	_, _, err := bind(q, Params{})
	return err
}

// bind rewrites each @name outside of quotes and comments to a numbered, typed parameter and returns the values of those
// that occur, in the order of their numbers.
func bind(q report.Extract, p Params) (sql string, args []any, err error) {
	l := &lexer{sql: q.SQL}
	numbers := map[string]int{}
	var b strings.Builder
	for {
		t, err := l.next()
		if err != nil {
			return "", nil, mistakeAt(q.Path, q.SQL, t.start, "%v", err)
		}
		switch t.kind {
		case tokenEnd:
			return b.String(), args, nil
		case tokenParameter:
			param, known := lookUp(t.text[1:])
			if !known {
				return "", nil, mistakeAt(q.Path, q.SQL, t.start, "parameter %s is not known; there are %s", t.text, parameterNames())
			}
			if numbers[param.name] == 0 {
				args = append(args, param.value(p))
				numbers[param.name] = len(args)
			}
			fmt.Fprintf(&b, "($%d::%s)", numbers[param.name], param.cast)
		case tokenPositional:
			return "", nil, mistakeAt(q.Path, q.SQL, t.start, "parameter %s has no value; there are %s", t.text, parameterNames())
		case tokenGlued:
			return "", nil, mistakeAt(q.Path, q.SQL, t.start, "%s reads as an operator; put a space before @", t.text)
		default:
			b.WriteString(t.text)
		}
	}
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
