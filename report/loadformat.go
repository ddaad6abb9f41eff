package report

import "slices"

// readDetails reads whose rows a workbook holds. It is called after the formats: what none of them would show is a mistake.
func (l *loader) readDetails(n *node) {
	if n != nil && !slices.Contains(l.def.Formats, "xlsx") {
		l.complain(n, "details: no format holds them; add xlsx to formats")
	}
	for i, extract := range n.strs() {
		switch {
		case !l.isExtract(extract):
			l.complain(n.items[i], "details: no extract is called %q", clip(extract))
		case slices.Contains(l.def.Details, extract):
			l.complain(n.items[i], "details: %q is given twice", clip(extract))
		default:
			l.def.Details = append(l.def.Details, extract)
		}
	}
}

// readCSV reads how the CSV files are written.
func (l *loader) readCSV(n *node) {
	if n != nil && !slices.Contains(l.def.Formats, "csv") {
		l.complain(n, "csv: there is none; add csv to formats")
	}
	if raw := n.get("raw"); raw != nil && raw.kind == boolNode {
		l.def.RawCSV = raw.text == "true"
	}
}
