package report

import "slices"

// readDocument reads the blocks in their order. What the schema refused is left out.
func (l *loader) readDocument(n *node) {
	for _, item := range n.list() {
		if block, ok := l.readBlock(item); ok {
			l.def.Document = append(l.def.Document, block)
		}
	}
}

// readBlock reads one block; false means that the schema has refused its form.
func (l *loader) readBlock(n *node) (BlockSpec, bool) {
	switch n.str() {
	case "quality":
		return BlockSpec{Quality: true}, true
	case "page_break":
		return BlockSpec{PageBreak: true}, true
	}
	if len(n.members) != 1 {
		return BlockSpec{}, false
	}
	name, value := n.members[0].name, n.members[0].value
	switch name {
	case "kpis":
		var kpis []KPISpec
		for _, item := range value.list() {
			kpis = append(kpis, l.readKPI(item))
		}
		return BlockSpec{KPIs: kpis}, true
	case "line":
		return BlockSpec{Line: l.readChart(name, value)}, true
	case "area":
		return BlockSpec{Area: l.readChart(name, value)}, true
	case "bar":
		return BlockSpec{Bar: l.readChart(name, value)}, true
	case "stacked_bar":
		return BlockSpec{StackedBar: l.readChart(name, value)}, true
	case "table":
		return BlockSpec{Table: l.readTable(value)}, true
	case "text":
		return BlockSpec{Text: value.str()}, true
	case "quality":
		return l.readQuality(value), true
	}
	return BlockSpec{}, false
}

// readQuality reads which columns are shown beside the keys. Which extract has them is found out when they are bound to data.
func (l *loader) readQuality(n *node) BlockSpec {
	spec := BlockSpec{Quality: true}
	for _, item := range n.get("show").list() {
		if slices.Contains(spec.Show, item.str()) {
			l.complain(item, "quality: %q is given twice", clip(item.str()))
			continue
		}
		spec.Show = append(spec.Show, item.str())
		spec.ShowAt = append(spec.ShowAt, Place{item.at.line, item.at.col})
	}
	return spec
}

// readKPI reads one card.
func (l *loader) readKPI(n *node) KPISpec {
	l.checkDataset("kpis", n.get("dataset"))
	return KPISpec{
		Label: n.get("label").str(), Dataset: n.get("dataset").str(), Column: n.get("column").str(), Format: Format(n.get("format").str()),
		Compare: l.readCompare(n.get("compare")), Better: Direction(n.get("better").str()), Trend: l.readTrend(n.get("trend"), false),
	}
}

// readCompare reads the names of other months. What the schema does not know is left out.
func (l *loader) readCompare(n *node) []string {
	var out []string
	for i, name := range n.strs() {
		switch {
		case slices.Contains(out, name):
			l.complain(n.items[i], "compare: %s is given twice", clip(name))
		case name == Previous || name == YearAgo:
			out = append(out, name)
		}
	}
	return out
}

// readTrend reads a sparkline; only in a table is there a row that it could belong to.
func (l *loader) readTrend(n *node, by bool) *TrendSpec {
	if n == nil {
		return nil
	}
	l.checkDataset("trend", n.get("dataset"))
	if by && n.get("by") == nil {
		l.complain(n, "trend: want by, the column that says which rows of the dataset belong to a row of the table")
	}
	if !by && n.get("by") != nil {
		l.complain(n.get("by"), "trend: by is for tables; a card shows every row of the dataset")
	}
	return &TrendSpec{Dataset: n.get("dataset").str(), Column: n.get("column").str(), By: n.get("by").str()}
}

// readChart reads a chart. Whether its columns exist is found out when the dataset has been computed: see Build.
func (l *loader) readChart(kind string, n *node) *ChartSpec {
	l.checkDataset(kind, n.get("dataset"))
	spec := &ChartSpec{
		Title: n.get("title").str(), Dataset: n.get("dataset").str(), X: n.get("x").str(), Y: n.get("y").strs(),
		Compare: l.readCompare(n.get("compare")), Top: int(n.get("top").whole()),
	}
	bars := kind == "bar" || kind == "stacked_bar"
	switch {
	case bars && n.get("compare") != nil:
		l.complain(n.get("compare"), "%s: compare is for line and area; a bar of another month would be read as one of this", kind)
	case len(spec.Compare) > 0 && len(spec.Y) > 1:
		l.complain(n.get("compare"), "%s: compare is for charts of one y, here are %d", kind, len(spec.Y))
	case !bars && n.get("top") != nil:
		l.complain(n.get("top"), "%s: top is for bars; a line goes through every point", kind)
	}
	return spec
}

// readTable reads a table block; a column is a name or a mapping.
func (l *loader) readTable(n *node) *TableSpec {
	l.checkDataset("table", n.get("dataset"))
	spec := &TableSpec{
		Title: n.get("title").str(), Dataset: n.get("dataset").str(), Total: n.get("total").yes(), Group: n.get("group").str(),
		Subtotal: n.get("subtotal").yes(), Top: int(n.get("top").whole()), By: n.get("by").str(),
	}
	switch {
	case spec.Subtotal && spec.Group == "":
		l.complain(n.get("subtotal"), "table: subtotal needs group, the column whose values gather the rows")
	case spec.By != "" && spec.Top == 0:
		l.complain(n.get("by"), "table: by needs top, the number of rows to show")
	case spec.Group != "" && spec.Top != 0:
		l.complain(n.get("top"), "table: want group or top, not both")
	}
	for _, item := range n.get("columns").list() {
		column := TableColumn{Column: item.str()}
		if item.kind == mapNode {
			column = l.readColumn(item)
		}
		spec.Columns = append(spec.Columns, column)
	}
	return spec
}

// readColumn reads a column that is more than a name: one of the dataset, or sparklines.
func (l *loader) readColumn(n *node) TableColumn {
	out := TableColumn{
		Column: n.get("column").str(), Label: n.get("label").str(), Format: Format(n.get("format").str()), Align: Align(n.get("align").str()),
		Trend: l.readTrend(n.get("trend"), true),
	}
	if (n.get("column") == nil) == (n.get("trend") == nil) {
		l.complain(n, "columns: want a column or a trend")
	}
	if out.Trend != nil && out.Format != FormatAuto {
		l.complain(n.get("format"), "columns: a trend has no format")
	}
	return out
}

// yes is true for a boolean that says so.
func (n *node) yes() bool { return n != nil && n.kind == boolNode && n.text == "true" }

// checkDataset is called after the datasets are read, wherever generate puts its document.
func (l *loader) checkDataset(block string, n *node) {
	if name := n.str(); name != "" && !l.isDataset(name) {
		l.complain(n, "%s: no dataset is called %q%s", block, clip(name), DidYouMean(name, l.datasetNames()))
	}
}
