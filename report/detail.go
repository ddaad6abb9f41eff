package report

// Detail is rows of an extract, too many to be held: whoever draws them has them told once, one by one.
type Detail struct {
	Name    string // of the extract
	Columns []Column
	Count   int64 // how many rows there are
	// Rows tells each row in the order of the key, with values as in a Dataset; the slice is the teller's and changes with the
	// next row. It may be called once a drawing, and ends at the first error, which it returns.
	Rows func(tell func(row []any) error) error
}
