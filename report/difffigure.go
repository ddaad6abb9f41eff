package report

// FigureChange is one card of the document whose figure is another one now.
type FigureChange struct {
	Label   string  `json:"label"`
	Dataset string  `json:"dataset"`
	Column  string  `json:"column"`
	Before  *string `json:"before"` // nil is NULL, and a figure that was not there
	After   *string `json:"after"`
	Delta   string  `json:"delta,omitempty"` // exact, where both are figures
}

// DiffFigures compares the figures that the document of def shows on its cards, in their order, and tells those that differ.
func DiffFigures(def Definition, before, after []Dataset) []FigureChange {
	var changes []FigureChange
	for _, spec := range def.Document {
		for _, card := range spec.KPIs {
			then, now := single(before, card), single(after, card)
			if equal(then, now) {
				continue
			}
			changes = append(changes, FigureChange{
				Label: card.Label, Dataset: card.Dataset, Column: card.Column, Before: plain(then), After: plain(now), Delta: delta(then, now),
			})
		}
	}
	return changes
}

// single is the value of a card: of the only row of its dataset.
func single(datasets []Dataset, card KPISpec) any {
	for _, d := range datasets {
		if d.Name != card.Dataset || len(d.Rows) != 1 {
			continue
		}
		for i, column := range d.Columns {
			if column.Name == card.Column {
				return d.Rows[0][i]
			}
		}
	}
	return nil
}

// delta is how much a figure has grown, with the digits that it has itself; "" where one of the two is none.
func delta(before, after any) string {
	b, ok := Figure(before)
	if !ok {
		return ""
	}
	a, ok := Figure(after)
	if !ok {
		return ""
	}
	grown := a.Sub(b)
	return grown.StringFixed(max(0, -grown.Exponent()))
}
