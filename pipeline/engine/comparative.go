//go:build cgo

package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/monthend/monthend/report"
)

// comparativeSchema keeps other months' datasets as they came. A definition reads them through views in the schemas previous
// and year_ago, which show what this month's dataset has too.
const comparativeSchema = "comparative"

// months are the schemas that SQL of a dataset may name.
var months = []string{report.Previous, report.YearAgo}

// comparative is a dataset of another month.
type comparative struct {
	label   string // which month and version it is of, for messages
	columns []outline
	bound   bool // its view is made
}

// LoadComparative reads another month's dataset from a Parquet file that Export has written, below the spool, and takes the
// file away. Datasets computed later can read it as month.dataset, month being report.Previous or report.YearAgo. label says
// in messages where it comes from, such as "2026-02, version 3".
func (w *Workspace) LoadComparative(ctx context.Context, month, label, dataset, path string) (d report.Dataset, err error) {
	defer w.note(&err)
	d, err = w.loadComparative(ctx, month, label, dataset, path)
	if err != nil {
		return report.Dataset{}, fmt.Errorf("load %s.%s: %w", month, dataset, err)
	}
	return d, nil
}

func (w *Workspace) loadComparative(ctx context.Context, month, label, dataset, path string) (report.Dataset, error) {
	d := report.Dataset{Name: dataset}
	err := w.importing(path, func(query string) error { return w.keepComparative(ctx, month, label, dataset, query) })
	if err != nil {
		return d, err
	}
	columns := w.comparatives[month+"."+dataset].columns
	d.Columns = drawn(columns)
	d.Rows, err = w.rows(ctx, comparativeTable(month, dataset), columns)
	return d, err
}

func comparativeTable(month, dataset string) string {
	return name(comparativeSchema) + "." + name(month+"."+dataset)
}

// keepComparative makes the table and notes its columns.
func (w *Workspace) keepComparative(ctx context.Context, month, label, dataset, query string) error {
	table := comparativeTable(month, dataset)
	if !slices.Contains(months, month) {
		return fmt.Errorf("%q is neither %s", month, strings.Join(months, " nor "))
	}
	if _, loaded := w.comparatives[month+"."+dataset]; loaded || dataset == "" {
		return errors.New("the name is empty or loaded already")
	}
	for _, s := range []string{"CREATE SCHEMA IF NOT EXISTS " + name(comparativeSchema), "CREATE TABLE " + table + " AS " + query} {
		if _, err := w.exec(ctx, s); err != nil {
			return err
		}
	}
	columns, err := w.outlinesOf(ctx, table)
	if err != nil {
		return err
	}
	w.comparatives[month+"."+dataset] = &comparative{label: label, columns: columns}
	return nil
}

// outlinesOf are the columns of a table, given as SQL.
func (w *Workspace) outlinesOf(ctx context.Context, table string) ([]outline, error) {
	list, err := w.describeTable(ctx, table)
	if err != nil {
		return nil, err
	}
	var columns []outline
	for _, c := range list {
		o, err := newOutline(c.name, c.ddl)
		if err != nil {
			return nil, err
		}
		columns = append(columns, o)
	}
	return columns, nil
}

// bindComparatives makes the views that a query reads. A view has the columns that are of one kind then and now: a column
// that has changed is as good as missing, and a query that does not use it is not in its way.
func (w *Workspace) bindComparatives(ctx context.Context, s *statement) error {
	for _, r := range s.lookbacks() {
		c, loaded := w.comparatives[r.month+"."+r.dataset]
		if !loaded {
			return &syntaxError{text: fmt.Sprintf("%s.%s is not there: no dataset is called %q, or it reads another month itself", r.month, r.dataset, r.dataset), offset: r.offset}
		}
		if c.bound {
			continue
		}
		now, computed := w.datasets[r.dataset]
		if !computed {
			return fmt.Errorf("internal: %s.%s is read before dataset %q is computed", r.month, r.dataset, r.dataset)
		}
		var common []string
		for _, then := range c.columns {
			if i := indexOf(now, then.name); i >= 0 && now[i].kind == then.kind {
				common = append(common, then.name)
			}
		}
		if len(common) == 0 {
			return fmt.Errorf("%s.%s is of %s and has no column of the dataset of now", r.month, r.dataset, c.label)
		}
		for _, statement := range []string{
			"CREATE SCHEMA IF NOT EXISTS " + name(r.month),
			fmt.Sprintf("CREATE VIEW %s.%s AS SELECT %s FROM %s", name(r.month), name(r.dataset), names(common), comparativeTable(r.month, r.dataset)),
		} {
			if _, err := w.exec(ctx, statement); err != nil {
				return err
			}
		}
		c.bound = true
	}
	return nil
}

func indexOf(columns []outline, column string) int {
	return slices.IndexFunc(columns, func(c outline) bool { return strings.EqualFold(c.name, column) })
}

// explainLookbacks adds to what the engine says about a column which month lacks it.
func (w *Workspace) explainLookbacks(s *statement, err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	said := strings.ToLower(e.text)
	for _, r := range s.lookbacks() {
		c := w.comparatives[r.month+"."+r.dataset]
		if c == nil {
			continue
		}
		for _, now := range w.datasets[r.dataset] {
			i := indexOf(c.columns, now.name)
			switch {
			case !strings.Contains(said, `"`+strings.ToLower(now.name)+`"`):
			case i < 0:
				return fmt.Errorf("%w; %s.%s is of %s, which has no column %q", err, r.month, r.dataset, c.label, now.name)
			case c.columns[i].kind != now.kind:
				return fmt.Errorf("%w; %s.%s is of %s, whose column %q is %s and now %s", err, r.month, r.dataset, c.label, now.name, c.columns[i].ddl, now.ddl)
			}
		}
	}
	return err
}

// lookback is a table of another month in a query.
type lookback struct {
	month, dataset string
	offset         int // in bytes
}

// lookbacks are the tables of other months that a query reads, in the order of the tree.
func (s *statement) lookbacks() []lookback {
	var list []lookback
	walk(s.node, func(n map[string]any) {
		schema, _ := n["schema_name"].(string)
		table, _ := n["table_name"].(string)
		if month := strings.ToLower(schema); n["type"] == "BASE_TABLE" && slices.Contains(months, month) {
			list = append(list, lookback{month: month, dataset: strings.ToLower(table), offset: location(n)})
		}
	})
	return list
}
