package pipeline

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// maxWhy bounds what an overview says of a tenant's verdict, in bytes.
const maxWhy = 200

// overviewData is what an overview shows: one row of counts, a row for each tenant without a version, and a row a tenant. It holds nothing but what the tenants have now,
// so that asking for all of them again changes no byte: a duplicate is as published as what it is a duplicate of.
func overviewData(children []ledger.Child) ([]report.Dataset, error) {
	manifests := make([]Manifest, len(children))
	var rules []string // control totals, in the order in which they are met
	scales := map[string]int32{}
	for i, child := range children {
		if len(child.Manifest) == 0 {
			continue
		}
		m, err := ParseManifest(child.Manifest)
		if err != nil {
			return nil, err
		}
		manifests[i] = m
		for _, total := range m.Content.ControlTotals {
			if _, known := scales[total.Rule]; !known {
				rules = append(rules, total.Rule)
			}
			if actual, err := decimal.NewFromString(total.Actual); err == nil {
				scales[total.Rule] = max(scales[total.Rule], -actual.Exponent())
			}
		}
	}

	tenants := report.Dataset{Name: "tenants", Columns: []report.Column{
		{Name: "tenant", Kind: report.Text}, {Name: "status", Kind: report.Text}, {Name: "version", Kind: report.Text}, // no figure: nobody adds versions up
		{Name: "extracted", Kind: report.Integer}, {Name: "rejected", Kind: report.Integer},
	}}
	for _, rule := range rules {
		tenants.Columns = append(tenants.Columns, report.Column{Name: columnOf(rule), Kind: report.Decimal, Scale: int(scales[rule])})
	}
	missing := report.Dataset{Name: "without_version", Columns: []report.Column{
		{Name: "tenant", Kind: report.Text}, {Name: "status", Kind: report.Text}, {Name: "why", Kind: report.Text},
		{Name: "extracted", Kind: report.Integer}, {Name: "rejected", Kind: report.Integer},
	}}
	counts := map[string]int64{}
	for i, child := range children {
		status := overviewStatus(child.Outcome)
		counts[status]++
		row := []any{child.Tenant, status, nil, nil, nil}
		if content := manifests[i].Content; content.Version > 0 {
			var extracted, rejected int64
			for _, table := range content.Rows {
				extracted, rejected = extracted+table.Extracted, rejected+table.Quarantined
			}
			row = []any{child.Tenant, status, strconv.Itoa(content.Version), extracted, rejected}
			counts["extracted"], counts["rejected"] = counts["extracted"]+extracted, counts["rejected"]+rejected
		}
		for _, rule := range rules {
			row = append(row, actualOf(manifests[i].Content.ControlTotals, rule))
		}
		tenants.Rows = append(tenants.Rows, row)
		if status != string(report.Published) {
			missing.Rows = append(missing.Rows, append([]any{child.Tenant, status, why(child)}, weighed(child)...))
		}
	}
	summary := report.Dataset{Name: "summary", Columns: []report.Column{
		{Name: "tenants", Kind: report.Integer}, {Name: "published", Kind: report.Integer}, {Name: "data_failed", Kind: report.Integer},
		{Name: "failed", Kind: report.Integer}, {Name: "cancelled", Kind: report.Integer},
		{Name: "extracted", Kind: report.Integer}, {Name: "rejected", Kind: report.Integer},
	}}
	row := []any{int64(len(children))}
	for _, column := range summary.Columns[1:] {
		row = append(row, counts[column.Name])
	}
	summary.Rows = [][]any{row}
	return []report.Dataset{summary, missing, tenants}, nil
}

// overviewStatus is how a tenant stands.
func overviewStatus(o report.Outcome) string {
	switch o {
	case report.Duplicate, report.Unchanged:
		return string(report.Published)
	}
	return string(cmp.Or(o, "open"))
}

// why is the verdict on a tenant's data. What broke down is told in the ledger alone: its words may differ from time to time.
func why(c ledger.Child) any {
	if c.Outcome != report.DataFailed {
		return nil
	}
	line, _, _ := strings.Cut(c.Error, "\n")
	if _, verdict, ok := strings.Cut(line, ": "); ok { // the stage, the report and the month stand above
		line = verdict
	}
	if len(line) > maxWhy {
		line = strings.ToValidUTF8(line[:maxWhy], "") + "…"
	}
	return line
}

// weighed is how many rows a tenant's data had and how many of them were rejected, where there is a verdict on them. How far a run came
// that broke down is chance.
func weighed(c ledger.Child) []any {
	if c.Outcome != report.DataFailed {
		return []any{nil, nil}
	}
	return []any{c.Extracted, c.Rejected}
}

// columnOf is the column of a rule's control total: names of rules have dashes.
func columnOf(rule string) string { return strings.ReplaceAll(rule, "-", "_") }

// actualOf is what a rule found, nil where it found no figure.
func actualOf(totals []ControlTotal, rule string) any {
	for _, total := range totals {
		if actual, err := decimal.NewFromString(total.Actual); total.Rule == rule && err == nil {
			return actual
		}
	}
	return nil
}

// overviewDefinition is how an overview is laid out. It takes its title and its language from the report's definition.
func (r *Runner) overviewDefinition(name string, datasets []report.Dataset) report.Definition {
	def := report.Definition{Name: name, Title: name}
	if known, err := r.cfg.Catalog.Get(name); err == nil {
		def.Title, def.Company, def.Currency, def.Locale = known.Title, known.Company, known.Currency, known.Locale
	}
	def.Title += ": all tenants"
	var cards []report.KPISpec
	for _, column := range []string{"tenants", "published", "data_failed", "failed", "cancelled"} {
		cards = append(cards, report.KPISpec{Label: report.Label(column), Dataset: datasets[0].Name, Column: column})
	}
	def.Document = []report.BlockSpec{{KPIs: cards}}
	for i, d := range datasets {
		def.Datasets = append(def.Datasets, report.DatasetQuery{Name: d.Name})
		if i > 0 && len(d.Rows) > 0 {
			def.Document = append(def.Document, report.BlockSpec{Table: &report.TableSpec{Dataset: d.Name, Total: i == len(datasets)-1}})
		}
	}
	return def
}
