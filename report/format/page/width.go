package page

import (
	"math"
	"strings"
)

// smallest is the least size of type in a table, in points. A table that needs a smaller one is split.
const smallest = 6.5

// shrink sets the type smaller while the figures alone are wider than the page.
func (b *Book) shrink(columns []Column, rows []Row, look Look) Look {
	for look.Size > smallest && sum(b.least(columns, rows, look)) > Inner {
		look.Size -= 0.5
	}
	return look
}

// split puts the columns into parts that each fit on a page at the smallest type.
func (b *Book) split(columns []Column, rows []Row, look Look) [][]int {
	if len(columns) == 0 {
		return nil
	}
	look.Size = math.Min(look.Size, smallest)
	var out [][]int
	var part []int
	widths := b.least(columns, rows, look)
	used, first := 0.0, widths[0]
	for i, width := range widths {
		if len(part) > 1 && used+width > Inner {
			out = append(out, part)
			part, used = []int{0}, first
		}
		part, used = append(part, i), used+width
	}
	return append(out, part)
}

func sum(widths []float64) float64 {
	out := 0.0
	for _, w := range widths {
		out += w
	}
	return out
}

// least is the width that each column cannot do without: that of its longest figure, or of some words.
func (b *Book) least(columns []Column, rows []Row, look Look) []float64 {
	out := make([]float64, len(columns))
	for i, width := range b.natural(columns, rows, look) {
		out[i] = width
		if columns[i].Wrap {
			out[i] = math.Min(width, look.Size*7+2*padX)
		}
	}
	return out
}

// natural is the width at which no cell of a column has to break.
func (b *Book) natural(columns []Column, rows []Row, look Look) []float64 {
	out := make([]float64, len(columns))
	style := Style{Size: look.Size}
	for i, c := range columns {
		out[i] = math.Max(b.longestWord(c.Head, Style{Size: look.Size - 0.5, Weight: Bold}), c.Least)
		if !c.Wrap {
			continue
		}
		out[i] = math.Max(out[i], b.Width(c.Head, Style{Size: look.Size - 0.5, Weight: Bold}))
	}
	for _, r := range rows {
		if r.Kind == Heading {
			continue
		}
		style.Weight = Regular
		if r.Kind != Plain {
			style.Weight = Bold
		}
		for i, c := range r.Cells {
			if c.Draw == nil {
				out[i] = math.Max(out[i], b.Width(c.Text, style))
			}
		}
	}
	for i := range out {
		out[i] += 2 * padX
	}
	return out
}

// longestWord is the width of the widest word: a head breaks between words.
func (b *Book) longestWord(s string, style Style) float64 {
	widest := 0.0
	for _, word := range strings.Fields(s) {
		widest = math.Max(widest, b.Width(word, style))
	}
	return widest
}

// widths gives every column its natural width if there is room, and takes what is missing from the widest that can wrap: a column of
// short texts does not break because another one has long ones.
func (b *Book) widths(columns []Column, rows []Row, look Look) []float64 {
	natural, least := b.natural(columns, rows, look), b.least(columns, rows, look)
	all := sum(natural)
	if all <= Inner { // what is free goes to all in proportion
		for i := range natural {
			natural[i] += (Inner - all) * natural[i] / all
		}
		return natural
	}
	if sum(least) >= Inner {
		return least
	}
	capped := func(most float64) []float64 {
		out := make([]float64, len(natural))
		for i := range natural {
			out[i] = math.Max(least[i], math.Min(natural[i], most))
		}
		return out
	}
	low, high := 0.0, all
	for range 40 { // far below what a page can show
		if middle := (low + high) / 2; sum(capped(middle)) > Inner {
			high = middle
		} else {
			low = middle
		}
	}
	return capped(low)
}

// pick is a part of the columns.
func pick[T any](all []T, part []int) []T {
	out := make([]T, len(part))
	for i, at := range part {
		out[i] = all[at]
	}
	return out
}

// pickRows is the same part of every row; headings go over the whole width of each.
func pickRows(rows []Row, part []int) []Row {
	out := make([]Row, len(rows))
	for i, r := range rows {
		out[i] = r
		if r.Kind != Heading {
			out[i].Cells = pick(r.Cells, part)
		}
	}
	return out
}
