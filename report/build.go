package report

import (
	"fmt"
	"slices"
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

// Build lays the datasets out as the definition's document says. datasets must hold all of the definition's, in any order. An
// error names dataset.column, because that is what its reader can mend.
func Build(def Definition, meta Meta, datasets []Dataset, v Validation) (Document, error) {
	doc := Document{
		Report: def.Name, Title: def.Title, Company: def.Company, Period: meta.Period, Tenant: meta.Tenant, Currency: def.Currency,
		Version: meta.Version, DataDigest: meta.DataDigest, Restatement: meta.Restatement, Draft: meta.Draft, Validation: v,
		Locale: def.Locale,
	}
	b := layout{period: meta.Period, locale: def.Locale, datasets: map[string]Dataset{}, others: meta.Comparatives}
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
		b.datasets[q.Name] = d
	}
	for _, c := range meta.Comparatives {
		for _, d := range c.Datasets {
			if err := d.check(); err != nil {
				return Document{}, fmt.Errorf("build %q: %s %s: %w", def.Name, c.Name, c.Period, err)
			}
		}
		c.Datasets = nil
		doc.Comparatives = append(doc.Comparatives, c)
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

// layout lays out one document.
type layout struct {
	period   Period
	locale   Locale
	datasets map[string]Dataset
	others   []Comparative
}

// block builds the one field of spec that is set.
func (b layout) block(spec BlockSpec) (Block, error) {
	switch {
	case spec.KPIs != nil:
		return b.kpis(spec.KPIs)
	case spec.Line != nil:
		return b.chart(LineChart, *spec.Line)
	case spec.Area != nil:
		return b.chart(AreaChart, *spec.Area)
	case spec.Bar != nil:
		return b.chart(BarChart, *spec.Bar)
	case spec.StackedBar != nil:
		return b.chart(StackedBarChart, *spec.StackedBar)
	case spec.Table != nil:
		return b.table(*spec.Table)
	case spec.Quality:
		return &Quality{}, nil
	case spec.PageBreak:
		return &PageBreak{}, nil
	}
	return &Paragraph{Text: spec.Text}, nil
}

// kpis wants datasets of exactly one row: the first of several would be an accident of their order.
func (b layout) kpis(specs []KPISpec) (*KPIs, error) {
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
		card := KPI{
			Label: spec.Label, From: Source{spec.Dataset, spec.Column}, Value: d.Rows[0][at], Kind: d.Columns[at].Kind, Format: format,
			Scale: d.Columns[at].Scale, Better: spec.Better,
		}
		if format == FormatAuto && len(spec.Compare) > 0 {
			return nil, fmt.Errorf("%s.%s: compare needs figures, the column is of kind %s", d.Name, spec.Column, card.Kind)
		}
		for _, name := range spec.Compare {
			card.Changes = append(card.Changes, b.change(name, card))
		}
		if spec.Trend != nil {
			if card.Trend, err = b.trend(*spec.Trend); err != nil {
				return nil, err
			}
		}
		out.Cards = append(out.Cards, card)
	}
	return out, nil
}

// column finds a column of a dataset.
func (b layout) column(dataset, column string) (Dataset, int, error) {
	d, ok := b.datasets[dataset]
	if !ok {
		return Dataset{}, 0, fmt.Errorf("dataset %q is not given", dataset)
	}
	if at := d.index(column); at >= 0 {
		return d, at, nil
	}
	return Dataset{}, 0, fmt.Errorf("%s.%s: the dataset has no such column", dataset, column)
}

// index is the place of a column; -1 where there is none of that name.
func (d Dataset) index(column string) int {
	return slices.IndexFunc(d.Columns, func(c Column) bool { return c.Name == column })
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
