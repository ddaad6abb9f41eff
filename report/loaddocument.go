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
	if n.str() == "quality" {
		return BlockSpec{Quality: true}, true
	}
	if len(n.members) != 1 {
		return BlockSpec{}, false
	}
	value := n.members[0].value
	switch n.members[0].name {
	case "kpis":
		var kpis []KPISpec
		for _, item := range value.list() {
			l.checkDataset("kpis", item.get("dataset"))
			kpis = append(kpis, KPISpec{
				Label: item.get("label").str(), Dataset: item.get("dataset").str(), Column: item.get("column").str(),
				Format: Format(item.get("format").str()),
			})
		}
		return BlockSpec{KPIs: kpis}, true
	case "line":
		return BlockSpec{Line: l.readChart("line", value)}, true
	case "bar":
		return BlockSpec{Bar: l.readChart("bar", value)}, true
	case "table":
		return BlockSpec{Table: l.readTable(value)}, true
	case "quality":
		return l.readQuality(value), true
	case "text":
		return BlockSpec{Text: value.str()}, true
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

// readChart reads a line or bar block. Whether its columns exist is found out when the dataset has been computed: see Build.
func (l *loader) readChart(kind string, n *node) *ChartSpec {
	l.checkDataset(kind, n.get("dataset"))
	return &ChartSpec{Title: n.get("title").str(), Dataset: n.get("dataset").str(), X: n.get("x").str(), Y: n.get("y").strs()}
}

// readTable reads a table block; a column is a name or a mapping with a label and a format.
func (l *loader) readTable(n *node) *TableSpec {
	l.checkDataset("table", n.get("dataset"))
	spec := &TableSpec{Title: n.get("title").str(), Dataset: n.get("dataset").str()}
	if total := n.get("total"); total != nil && total.kind == boolNode {
		spec.Total = total.text == "true"
	}
	for _, item := range n.get("columns").list() {
		column := TableColumn{Column: item.str()}
		if item.kind == mapNode {
			column = TableColumn{Column: item.get("column").str(), Label: item.get("label").str(), Format: Format(item.get("format").str())}
		}
		spec.Columns = append(spec.Columns, column)
	}
	return spec
}

// checkDataset is called after the datasets are read, wherever generate puts its document.
func (l *loader) checkDataset(block string, n *node) {
	if name := n.str(); name != "" && !l.isDataset(name) {
		l.complain(n, "%s: no dataset is called %q%s", block, clip(name), DidYouMean(name, l.datasetNames()))
	}
}
