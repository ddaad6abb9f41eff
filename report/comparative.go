package report

// The months that a definition may compare itself with, as its SQL and its document name them.
const (
	Previous = "previous" // the month before
	YearAgo  = "year_ago" // the same month of the year before
)

// Comparative is another month's datasets: those of its current version, or, where there is none, of its rows extracted in
// the same snapshot as the month itself and validated by the same row rules. A month whose current version lacks a dataset that is
// wanted now is there twice, once with what was published and once with the rest.
type Comparative struct {
	Name          string // Previous or YearAgo
	Period        Period
	Version       int    // of the current version; 0 when the month was not published
	ContentDigest string // of the current version, which pins it; "" when the month was not published
	Datasets      []Dataset
}
