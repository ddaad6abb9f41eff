package report

import (
	"fmt"

	"github.com/shopspring/decimal"
)

// Meta is what a document says about itself beside its definition.
type Meta struct {
	Version     int    // 0 in a draft
	DataDigest  string // hex
	Restatement string // the reason of a restatement; "" otherwise
	Tenant      string
	Period      Period
	Draft       bool
	// Comparatives are the months that the figures are compared with, as far as the definition asks for them.
	Comparatives []Comparative
}

// TotalLabel stands in the first column of a table's last row.
const TotalLabel = "Total"

// Build lays the datasets out as the definition's document says. datasets must hold all of the definition's, in any order. An
// error names dataset.column, because that is what its reader can mend.
func Build(def Definition, meta Meta, datasets []Dataset, v Validation) (Document, error) {
	doc := Document{
		Report: def.Name, Title: def.Title, Company: def.Company, Period: meta.Period, Tenant: meta.Tenant, Currency: def.Currency,
		Version: meta.Version, DataDigest: meta.DataDigest, Restatement: meta.Restatement, Draft: meta.Draft, Validation: v,
	}
	b := builds{}
	given := map[string]Dataset{}
	for _, d := range datasets {
		given[d.Name] = d
	}
	for _, q := range def.Datasets {
		d, ok := given[q.Name]
		if !ok {
			return Document{}, fmt.Errorf("build %q: dataset %q is not given", def.Name, q.Name)
		}
		if err := d.check(); err != nil {
			return Document{}, fmt.Errorf("build %q: %w", def.Name, err)
		}
		doc.Datasets = append(doc.Datasets, d)
		b[q.Name] = d
	}
	for _, spec := range def.Document {
		block, err := b.block(spec)
		if err != nil {
			return Document{}, fmt.Errorf("build %q: %w", def.Name, err)
		}
		doc.Blocks = append(doc.Blocks, block)
	}
	return doc, nil
}

// builds is the datasets by name.
type builds map[string]Dataset

// block builds the one field of spec that is set.
func (b builds) block(spec BlockSpec) (Block, error) {
	switch {
	case spec.KPIs != nil:
		return b.kpis(spec.KPIs)
	case spec.Line != nil:
		return b.chart(LineChart, *spec.Line)
	case spec.Bar != nil:
		return b.chart(BarChart, *spec.Bar)
	case spec.Table != nil:
		return b.table(*spec.Table)
	case spec.Quality:
		return &Quality{}, nil
	}
	return &Paragraph{Text: spec.Text}, nil
}

// kpis wants datasets of exactly one row: the first of several would be an accident of their order.
func (b builds) kpis(specs []KPISpec) (*KPIs, error) {
	out := &KPIs{}
	for _, spec := range specs {
		d, at, err := b.column(spec.Dataset, spec.Column)
		if err != nil {
			return nil, err
		}
		if len(d.Rows) != 1 {
			return nil, fmt.Errorf("%s.%s: a figure needs a dataset of one row, this has %d", d.Name, spec.Column, len(d.Rows))
		}
		format, err := figure(d, at, spec.Format)
		if err != nil {
			return nil, err
		}
		out.Cards = append(out.Cards, KPI{
			Label: spec.Label, From: Source{spec.Dataset, spec.Column}, Value: d.Rows[0][at], Kind: d.Columns[at].Kind, Format: format, Scale: d.Columns[at].Scale,
		})
	}
	return out, nil
}

// chart takes its figures as decimals. A missing one stays missing: zero would be a statement.
func (b builds) chart(kind ChartKind, spec ChartSpec) (*Chart, error) {
	d, x, err := b.column(spec.Dataset, spec.X)
	if err != nil {
		return nil, err
	}
	out := &Chart{Kind: kind, Title: spec.Title, Labels: make([]string, len(d.Rows))}
	if out.Title == "" {
		out.Title = Label(spec.Dataset)
	}
	for i, row := range d.Rows {
		out.Labels[i] = label(d.Columns[x], row[x])
	}
	for _, name := range spec.Y {
		_, y, err := b.column(spec.Dataset, name)
		if err != nil {
			return nil, err
		}
		series := Series{Name: Label(name), Values: make([]any, len(d.Rows))}
		for i, row := range d.Rows {
			switch v := row[y].(type) {
			case nil:
			case int64:
				series.Values[i] = decimal.NewFromInt(v)
			case decimal.Decimal:
				series.Values[i] = v
			default:
				return nil, fmt.Errorf("%s.%s: a chart needs figures, the column is of kind %s", d.Name, name, d.Columns[y].Kind)
			}
		}
		out.Series = append(out.Series, series)
	}
	return out, nil
}

// table copies the rows it shows, so that a drawer may not change the dataset under another one.
func (b builds) table(spec TableSpec) (*Table, error) {
	d, ok := b[spec.Dataset]
	if !ok {
		return nil, fmt.Errorf("dataset %q is not given", spec.Dataset)
	}
	columns := spec.Columns
	if len(columns) == 0 {
		for _, c := range d.Columns {
			columns = append(columns, TableColumn{Column: c.Name})
		}
	}
	out := &Table{Title: spec.Title, Dataset: spec.Dataset, Rows: make([][]any, len(d.Rows))}
	if out.Title == "" {
		out.Title = Label(spec.Dataset)
	}
	for i := range out.Rows {
		out.Rows[i] = make([]any, len(columns))
	}
	for i, column := range columns {
		_, at, err := b.column(spec.Dataset, column.Column)
		if err != nil {
			return nil, err
		}
		if column.Format, err = figure(d, at, column.Format); err != nil {
			return nil, err
		}
		if column.Label == "" {
			column.Label = Label(column.Column)
		}
		out.Columns = append(out.Columns, column)
		out.Kinds = append(out.Kinds, d.Columns[at].Kind)
		out.Scales = append(out.Scales, d.Columns[at].Scale)
		for r, row := range d.Rows {
			out.Rows[r][i] = row[at]
		}
	}
	if spec.Total {
		return out, out.total(d.Name)
	}
	return out, nil
}

// column finds a column of a dataset.
func (b builds) column(dataset, column string) (Dataset, int, error) {
	d, ok := b[dataset]
	if !ok {
		return Dataset{}, 0, fmt.Errorf("dataset %q is not given", dataset)
	}
	for i, c := range d.Columns {
		if c.Name == column {
			return d, i, nil
		}
	}
	return Dataset{}, 0, fmt.Errorf("%s.%s: the dataset has no such column", dataset, column)
}

// figure settles how a column is written: what the definition says, else by its kind.
func figure(d Dataset, at int, format Format) (Format, error) {
	column := d.Columns[at]
	switch {
	case format == FormatAuto && column.Kind == Integer:
		return FormatInteger, nil
	case format == FormatAuto && column.Kind == Decimal:
		return FormatNumber, nil
	case format != FormatAuto && column.Kind != Integer && column.Kind != Decimal:
		return "", fmt.Errorf("%s.%s: format %s needs figures, the column is of kind %s", d.Name, column.Name, format, column.Kind)
	}
	return format, nil
}

// label is a value on the axis of a chart. A report is about one month, so a date needs no year.
func label(column Column, v any) string {
	if at, ok := timeOf(v); ok && column.Kind == Date {
		return at.Format("2 Jan")
	}
	return FormatValue(v, Style{Kind: column.Kind, Scale: column.Scale})
}
