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
	if len(want.columns) == 0 {
		return nil
	}
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

// pair aligns equal rows; between them, rows that begin alike, which as a rule are the same thing with other figures; between
// those, one by one.
func pair(want, got [][]value, equal func(a, b []value) bool) []pairing {
	alike := func(a, b []value) bool { return same(a[0], b[0], false) }
	all := span{0, len(want), 0, len(got)}
	return align(want, got, all, equal, func(gap span) []pairing {
		return align(want, got, gap, alike, inOrder)
	})
}

// span is a stretch of both.
type span struct{ wantFrom, wantTo, gotFrom, gotTo int }

// align pairs the rows of a longest common subsequence, and leaves what lies between them to gap.
func align(want, got [][]value, in span, equal func(a, b []value) bool, gap func(span) []pairing) []pairing {
	var head, tail []pairing
	for in.wantFrom < in.wantTo && in.gotFrom < in.gotTo && equal(want[in.wantFrom], got[in.gotFrom]) {
		head = append(head, pairing{in.wantFrom, in.gotFrom})
		in.wantFrom, in.gotFrom = in.wantFrom+1, in.gotFrom+1
	}
	for in.wantTo > in.wantFrom && in.gotTo > in.gotFrom && equal(want[in.wantTo-1], got[in.gotTo-1]) {
		in.wantTo, in.gotTo = in.wantTo-1, in.gotTo-1
		tail = append(tail, pairing{in.wantTo, in.gotTo})
	}
	slices.Reverse(tail)
	n, m := in.wantTo-in.wantFrom, in.gotTo-in.gotFrom
	if n*m > maxPaired {
		return append(append(head, inOrder(in)...), tail...)
	}
	length := make([][]int, n+1)
	for i := range length {
		length[i] = make([]int, m+1)
	}
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			length[i][j] = max(length[i+1][j], length[i][j+1])
			if equal(want[in.wantFrom+i], got[in.gotFrom+j]) {
				length[i][j] = length[i+1][j+1] + 1
			}
		}
	}
	rest := in
	for i, j := 0, 0; i < n && j < m; {
		switch {
		case equal(want[in.wantFrom+i], got[in.gotFrom+j]):
			at := pairing{in.wantFrom + i, in.gotFrom + j}
			head = append(append(head, gap(span{rest.wantFrom, at.want, rest.gotFrom, at.got})...), at)
			i, j = i+1, j+1
			rest.wantFrom, rest.gotFrom = at.want+1, at.got+1
		case length[i+1][j] >= length[i][j+1]:
			i++
		default:
			j++
		}
	}
	return append(append(head, gap(rest)...), tail...)
}

// inOrder pairs two stretches of rows one by one; what is left of the longer one has no partner.
func inOrder(s span) []pairing {
	var out []pairing
	for s.wantFrom < s.wantTo || s.gotFrom < s.gotTo {
		p := pairing{-1, -1}
		if s.wantFrom < s.wantTo {
			p.want = s.wantFrom
			s.wantFrom++
		}
		if s.gotFrom < s.gotTo {
			p.got = s.gotFrom
			s.gotFrom++
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
