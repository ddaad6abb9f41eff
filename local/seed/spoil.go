package seed

import "time"

// spoil turns rows into the month's dirt. A duplicated document gets a second row some minutes after the first, but before
// the month's end: the dirt of a month stays in it.
func (m *month) spoil(d dice, rows []row, end time.Time) []row {
	victims := everyday(d, rows)
	next := func() *row {
		r := &rows[victims[0]]
		victims = victims[1:]
		return r
	}
	for range m.dirt.Missing {
		r := next()
		r.amount, r.missing = 0, true
	}
	for range m.dirt.Zero {
		next().amount = 0
	}
	for i := range m.dirt.Account {
		next().account = danglers[i%len(danglers)]
	}
	foreign := []string{"EUR", "EUR", "USD", "PLN", "EUR", "XXX"}
	for i := range m.dirt.Currency {
		next().currency = foreign[i%len(foreign)]
	}
	for i := range m.dirt.Unnamed {
		next().party = []string{"", "", "   "}[i%3]
	}
	var copies []row
	for range m.dirt.Duplicated {
		r := *next()
		r.at = r.at.Add(time.Duration(1+d.below(40)) * time.Minute)
		if !r.at.Before(end) {
			r.at = end.Add(-time.Second)
		}
		copies = append(copies, r)
	}
	return append(rows, copies...)
}

// everyday are the indices of the rows that may be spoilt, shuffled. The month's first and last row stay clean.
func everyday(d dice, rows []row) []int {
	var indices []int
	for i := 1; i < len(rows)-1; i++ {
		if rows[i].everyday {
			indices = append(indices, i)
		}
	}
	for i := len(indices) - 1; i > 0; i-- {
		j := d.below(int64(i + 1))
		indices[i], indices[j] = indices[j], indices[i]
	}
	return indices
}
