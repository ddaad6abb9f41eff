package sheet

import "strconv"

// Area is a rectangle of cells, both ends included, counted from 0. The zero Area is the first cell.
type Area struct{ Row, Column, LastRow, LastColumn int }

// Cell is the area of one cell.
func Cell(row, column int) Area { return Area{row, column, row, column} }

// String is the area as A1:B2, or A1 where it is one cell.
func (a Area) String() string {
	first := columnName(a.Column) + strconv.Itoa(a.Row+1)
	if a.Row == a.LastRow && a.Column == a.LastColumn {
		return first
	}
	return first + ":" + columnName(a.LastColumn) + strconv.Itoa(a.LastRow+1)
}

func (a Area) absolute() string {
	first := "$" + columnName(a.Column) + "$" + strconv.Itoa(a.Row+1)
	if a.Row == a.LastRow && a.Column == a.LastColumn {
		return first
	}
	return first + ":$" + columnName(a.LastColumn) + "$" + strconv.Itoa(a.LastRow+1)
}

// columnName is A for 0, Z for 25, AA for 26.
func columnName(column int) string {
	var name [4]byte
	at := len(name)
	for n := column + 1; n > 0; n = (n - 1) / 26 {
		at--
		name[at] = byte('A' + (n-1)%26)
	}
	return string(name[at:])
}
