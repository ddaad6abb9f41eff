package desk

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// Difference is one thing that is not as expected: a cell, a whole row, the columns of a file, or a verdict.
type Difference struct {
	File   string // below the case
	Row    int    // of the expected file, from 1 below its header, or of what came out where Want is empty; 0 where no row is meant
	Column string
	Want   string // NULL is NULL, an empty text is ""; "(no row)" where the row came too much
	Got    string
}

func (t *test) differ(d Difference) { t.result.Differences = append(t.result.Differences, d) }

// noRow stands for a row that is not there.
const noRow = "(no row)"

// differences compares two sheets. Rows are paired so that one too many or too few is told as that, not as a change of all that
// follow.
func differences(want, got sheet) []Difference {
	if !slices.Equal(want.columns, got.columns) {
		return []Difference{{Column: "columns", Want: strings.Join(want.columns, ","), Got: strings.Join(got.columns, ",")}}
	}
	equal := func(a, b []value) bool {
		for i := range a {
			if !same(a[i], b[i], want.numbers[i]) {
				return false
			}
		}
		return true
	}
	var out []Difference
	for _, p := range pair(want.rows, got.rows, equal) {
		switch {
		case p.got < 0:
			out = append(out, Difference{Row: p.want + 1, Want: joined(want.rows[p.want]), Got: noRow})
		case p.want < 0:
			out = append(out, Difference{Row: p.got + 1, Want: noRow, Got: joined(got.rows[p.got])})
		default:
			for i, c := range want.columns {
				a, b := want.rows[p.want][i], got.rows[p.got][i]
				if !same(a, b, want.numbers[i]) {
					out = append(out, Difference{Row: p.want + 1, Column: c, Want: written(a), Got: written(b)})
				}
			}
		}
	}
	return out
}

// same compares values: NULL with NULL only, and numbers by what they are worth.
func same(a, b value, number bool) bool {
	if a == nil || b == nil {
		return a == b
	}
	if *a == *b || !number {
		return *a == *b
	}
	x, err := decimal.NewFromString(strings.TrimSpace(*a))
	if err != nil || len(*a) > 100 {
		return false
	}
	y, err := decimal.NewFromString(*b)
	return err == nil && x.Equal(y)
}

// pairing is a row of both, or of one: the other is -1 then.
type pairing struct{ want, got int }

// maxPaired bounds the work of pairing: beyond it, rows are paired by their number.
const maxPaired = 4_000_000

// pair aligns rows by their longest common subsequence; between equal rows, the rest is paired in order.
func pair(want, got [][]value, equal func(a, b []value) bool) []pairing {
	from := 0
	for from < len(want) && from < len(got) && equal(want[from], got[from]) {
		from++
	}
	w, g := len(want), len(got)
	for w > from && g > from && equal(want[w-1], got[g-1]) {
		w, g = w-1, g-1
	}
	n, m := w-from, g-from
	if n*m > maxPaired {
		return inOrder(from, w, from, g)
	}
	length := make([][]int, n+1)
	for i := range length {
		length[i] = make([]int, m+1)
	}
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			length[i][j] = max(length[i+1][j], length[i][j+1])
			if equal(want[from+i], got[from+j]) {
				length[i][j] = length[i+1][j+1] + 1
			}
		}
	}
	var out []pairing
	i, j, lastI, lastJ := 0, 0, 0, 0
	for i < n && j < m {
		switch {
		case equal(want[from+i], got[from+j]):
			out = append(out, inOrder(from+lastI, from+i, from+lastJ, from+j)...)
			i, j = i+1, j+1
			lastI, lastJ = i, j
		case length[i+1][j] >= length[i][j+1]:
			i++
		default:
			j++
		}
	}
	return append(out, inOrder(from+lastI, w, from+lastJ, g)...)
}

// inOrder pairs two stretches of rows one by one; what is left of the longer one has no partner.
func inOrder(wantFrom, wantTo, gotFrom, gotTo int) []pairing {
	var out []pairing
	for wantFrom < wantTo || gotFrom < gotTo {
		p := pairing{-1, -1}
		if wantFrom < wantTo {
			p.want = wantFrom
			wantFrom++
		}
		if gotFrom < gotTo {
			p.got = gotFrom
			gotFrom++
		}
		out = append(out, p)
	}
	return out
}

// written is a value as a person reads it in a difference.
func written(v value) string {
	switch {
	case v == nil:
		return "NULL"
	case *v == "":
		return `""`
	case strings.ContainsAny(*v, "\r\n\t") || strings.TrimSpace(*v) != *v:
		return fmt.Sprintf("%q", *v)
	}
	return *v
}

func joined(row []value) string {
	words := make([]string, len(row))
	for i, v := range row {
		words[i] = written(v)
	}
	return strings.Join(words, ", ")
}
