//go:build cgo

package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/monthend/monthend/report"
)

// Finding is one mistake that Bind met, and where it was made: in an SQL file, or in the value of report.yaml that Steps lead to,
// field by field and item by item.
type Finding struct {
	File      string // the path of an SQL file; "" for report.yaml
	Steps     []any  // of report.yaml
	Line, Col int    // in that file, or in that text of report.yaml, from 1, Col in characters; 0 where the whole is meant
	Message   string
}

// Bind looks for every mistake in the rules and datasets of def that shows without a row: wrong SQL, tables and columns that do not
// exist, types that do not fit. The extracts that Declare has made are known with their columns; what needs another one is only
// parsed. It gives the datasets that have no mistake, with columns and no rows.
//
// A workspace binds one definition, and does nothing else. One mistake does not hide another, but for two in one SELECT. The error
// is never about the definition.
func (w *Workspace) Bind(ctx context.Context, def report.Definition) ([]report.Dataset, []Finding, error) {
	b := &binding{w: w, def: def}
	b.keys()
	for i, r := range def.Rules { // before there are other tables than the extracted ones: rules see no other
		b.rule(ctx, i, r)
	}
	if err := b.views(ctx); err != nil {
		return nil, nil, fmt.Errorf("bind: %w", err)
	}
	for _, r := range def.Rules {
		b.assert(ctx, r)
	}
	b.gate(ctx)
	b.shown()
	b.datasetsOf(ctx)
	if cause := context.Cause(ctx); cause != nil {
		return nil, nil, fmt.Errorf("bind: %w", cause)
	}
	return b.datasets, b.findings, nil
}

// binding is one Bind.
type binding struct {
	w        *Workspace
	def      report.Definition
	findings []Finding
	datasets []report.Dataset
}

// views makes, for each declared extract, what Validate makes of a loaded one.
func (b *binding) views(ctx context.Context) error {
	for table := range b.w.extracts {
		for _, s := range []string{
			fmt.Sprintf("CREATE VIEW %s AS SELECT * FROM %s", name(table), name(table+extractedSuffix)),
			fmt.Sprintf("CREATE VIEW %s AS SELECT *, '' AS %s FROM %s", name(table+quarantineSuffix), name(rulesColumn), name(table+extractedSuffix)),
		} {
			if _, err := b.w.exec(ctx, s); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *binding) find(message string, steps ...any) {
	b.findings = append(b.findings, Finding{Steps: steps, Message: message})
}

// findIn records a mistake in a file, at a byte offset of its text; one below 0 is the beginning of the statement.
func (b *binding) findIn(path, sql string, offset int, message string) {
	if offset < 0 || offset > len(sql) {
		offset = report.Beginning(sql)
	}
	line, col := report.LineCol(sql, offset)
	b.findings = append(b.findings, Finding{File: path, Line: line, Col: col, Message: message})
}

// known reports whether an extract is declared.
func (b *binding) known(table string) bool {
	_, ok := b.w.extracts[table]
	return ok
}

// column complains about a column that an extract lacks, and reports whether it has it. An extract that is not declared has any.
func (b *binding) column(what, table, column string, steps ...any) bool {
	if !b.known(table) || column == "" || b.w.haveColumns(table, column) == nil {
		return true
	}
	b.find(fmt.Sprintf("%sextract %q has no column %q%s", what, table, column, report.DidYouMean(column, b.w.extracts[table].columns)), steps...)
	return false
}

// keys checks the key columns, and that the column which quarantine adds is free.
func (b *binding) keys() {
	for _, e := range b.def.Extract {
		for i, c := range e.Key {
			b.column("key: ", e.Name, c, "extract", e.Name, "key", i)
		}
		rejects := slices.ContainsFunc(b.def.Rules, func(r report.Rule) bool { return r.On == e.Name && r.Severity == report.Reject })
		if rejects && b.known(e.Name) && b.w.haveColumns(e.Name, rulesColumn) == nil {
			b.find(fmt.Sprintf("column %q has the name of the column that quarantine adds; rename it with AS", rulesColumn), "extract", e.Name, "sql")
		}
	}
}

// shown checks that some extract has each column that the quality block shows. Of an extract that is not declared nothing is known.
func (b *binding) shown() {
	if slices.ContainsFunc(b.def.Extract, func(e report.Extract) bool { return !b.known(e.Name) }) {
		return
	}
	for i, block := range b.def.Document {
		for j, column := range block.Show {
			if !slices.ContainsFunc(b.def.Extract, func(e report.Extract) bool { return b.w.haveColumns(e.Name, column) == nil }) {
				b.find(fmt.Sprintf("quality: no extract has a column %q", column), "generate", "document", i, "quality", "show", j)
			}
		}
	}
}

// gate checks that the amount it compares is exact.
func (b *binding) gate(ctx context.Context) {
	g := b.def.Gate
	if g.Amount == "" || !b.known(g.Of) {
		return
	}
	steps := []any{"validate", "gate", "amount_column"}
	if !b.column("gate: ", g.Of, g.AmountColumn, steps...) {
		return
	}
	if _, err := b.w.exactScale(ctx, g.Of+extractedSuffix, g.AmountColumn); err != nil {
		b.find("gate: "+err.Error(), steps...)
	}
}

// datasetsOf binds the datasets: first those that read this month only, since the others may compare themselves with their columns.
func (b *binding) datasetsOf(ctx context.Context) {
	var later []report.DatasetQuery
	for _, q := range b.def.Datasets {
		if comparing(ctx, b.w, q.SQL) {
			later = append(later, q)
			continue
		}
		b.dataset(ctx, q)
	}
	if len(later) == 0 {
		return
	}
	if err := b.comparatives(ctx); err != nil {
		return // the context has ended
	}
	for _, q := range later {
		b.dataset(ctx, q)
	}
}

// comparing reports whether a query reads the datasets of another month.
func comparing(ctx context.Context, w *Workspace, sql string) bool {
	s, err := w.parseTree(ctx, sql)
	if err != nil {
		return false
	}
	for schema := range tablesOf(s.tree) {
		if schema.schema == report.Previous || schema.schema == report.YearAgo {
			return true
		}
	}
	return false
}

// comparatives makes the datasets that were bound readable under the names of the other months.
func (b *binding) comparatives(ctx context.Context) error {
	for _, schema := range []string{report.Previous, report.YearAgo} {
		if _, err := b.w.exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+name(schema)); err != nil {
			return err
		}
		for _, d := range b.datasets {
			if _, err := b.w.exec(ctx, fmt.Sprintf("CREATE VIEW %s.%s AS SELECT * FROM %s.%s", name(schema), name(d.Name), name(datasetSchema), name(d.Name))); err != nil {
				return err
			}
		}
	}
	return nil
}

// dataset binds one dataset and makes its table, empty.
func (b *binding) dataset(ctx context.Context, q report.DatasetQuery) {
	if q.SQL == "" {
		return // its file could not be read
	}
	columns, s := b.selectOf(ctx, q.Path, q.SQL, months...)
	if s == nil {
		return
	}
	if _, terms := s.orders(); len(terms) == 0 {
		b.findIn(q.Path, q.SQL, max(0, len(strings.TrimRight(q.SQL, " \t\r\n;"))-1), "the query has no ORDER BY, so its rows have no order; add one at its end")
	}
	before := len(b.findings)
	var outlines []outline
	for i, c := range columns {
		o, err := newOutline(c.name, c.ddl)
		if err == nil {
			outlines = append(outlines, o)
			err = distinctNames(outlines)
		}
		if err != nil {
			b.findIn(q.Path, q.SQL, s.item(i, len(columns)), err.Error())
			outlines = outlines[:0]
		}
	}
	if len(b.findings) > before || len(columns) == 0 {
		return
	}
	d := report.Dataset{Name: q.Name, Columns: drawn(outlines)}
	ddl := make([]string, len(outlines))
	for i, o := range outlines {
		ddl[i] = name(o.name) + " " + o.ddl
	}
	if _, err := b.w.exec(ctx, "CREATE TABLE "+name(datasetSchema)+"."+name(q.Name)+" ("+strings.Join(ddl, ", ")+")"); err != nil {
		b.findIn(q.Path, q.SQL, -1, err.Error())
		return
	}
	b.datasets = append(b.datasets, d)
}

// selectOf parses a text and, where all that it reads is known, binds it as it is written, since the places in what the engine says
// belong to that. It gives no statement where there is a mistake, and no columns where the text is only parsed.
func (b *binding) selectOf(ctx context.Context, path, sql string, schemas ...string) ([]exported, *statement) {
	fail := func(err error) ([]exported, *statement) {
		line, col, message := told(ctx, err, sql)
		message += b.meantTable(message)
		if line == 0 {
			b.findIn(path, sql, -1, message)
			return nil, nil
		}
		b.findings = append(b.findings, Finding{File: path, Line: line, Col: col, Message: message})
		return nil, nil
	}
	s, err := b.w.parseTree(ctx, sql)
	if err == nil {
		err = inspect(s.node, schemas...)
	}
	if err != nil {
		return fail(err)
	}
	if b.readsUnknown(s) {
		return nil, s
	}
	if err := b.prepare(ctx, sql); err != nil {
		return fail(err)
	}
	text, err := b.w.text(ctx, s)
	if err != nil {
		return fail(err)
	}
	columns, err := b.w.columnsOf(ctx, text)
	if err != nil {
		return fail(err)
	}
	return columns, s
}

// meantTable says which extract was meant where a table does not exist.
func (b *binding) meantTable(message string) string {
	rest, found := strings.CutPrefix(message, "table with name ")
	table, _, ends := strings.Cut(rest, " does not exist")
	if !found || !ends || strings.Contains(message, "did you mean") {
		return ""
	}
	var names []string
	for _, e := range b.def.Extract {
		names = append(names, e.Name, e.Name+extractedSuffix, e.Name+quarantineSuffix)
	}
	if near := report.DidYouMean(table, names); near != "" || len(b.def.Extract) == 0 {
		return near
	}
	return "; there are " + strings.Join(names, ", ")
}

// prepare has the engine bind a text without running it.
func (b *binding) prepare(ctx context.Context, sql string) error {
	p, err := b.w.conn.PrepareContext(ctx, sql)
	if err != nil {
		return err
	}
	return p.Close()
}

// readsUnknown reports whether a statement reads an extract of the definition that is not declared, or another month's dataset that
// has a mistake of its own: what the engine would say about those is no mistake of this statement.
func (b *binding) readsUnknown(s *statement) bool {
	for t := range tablesOf(s.tree) {
		if t.schema != "" {
			declared := slices.ContainsFunc(b.def.Datasets, func(q report.DatasetQuery) bool { return q.Name == t.table })
			bound := slices.ContainsFunc(b.datasets, func(d report.Dataset) bool { return d.Name == t.table })
			if declared && !bound {
				return true
			}
			continue
		}
		table := strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(t.table), extractedSuffix), quarantineSuffix)
		defined := slices.ContainsFunc(b.def.Extract, func(e report.Extract) bool { return e.Name == table })
		if defined && !b.known(table) {
			return true
		}
	}
	return false
}

// columnsOf are the columns of a SELECT that has been bound, with DuckDB's types.
func (w *Workspace) columnsOf(ctx context.Context, sql string) ([]exported, error) {
	rows, err := w.conn.QueryContext(ctx, "SELECT column_name, column_type FROM (DESCRIBE "+sql+")")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []exported
	for rows.Next() {
		var c exported
		if err := rows.Scan(&c.name, &c.ddl); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

// tableRef is a table as a statement names it.
type tableRef struct{ schema, table string }

// tablesOf are the tables that a syntax tree reads. Names of its own WITH clauses are among them.
func tablesOf(v any) map[tableRef]bool {
	found := map[tableRef]bool{}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			if v["type"] == "BASE_TABLE" {
				schema, _ := v["schema_name"].(string)
				table, _ := v["table_name"].(string)
				found[tableRef{strings.ToLower(schema), table}] = true
			}
			for _, item := range v {
				walk(item)
			}
		}
	}
	walk(v)
	return found
}
