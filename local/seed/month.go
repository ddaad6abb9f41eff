package seed

import (
	"fmt"
	"time"
)

// zone is where the company's days begin.
const zone = "Europe/Prague"

// Dirt counts what is wrong in one month. No row counts twice.
type Dirt struct {
	Missing    int // rows without an amount
	Zero       int // rows with the amount 0.00
	Account    int // rows whose account does not exist
	Duplicated int // documents booked twice: two rows each, with one id
	Currency   int // rows in another currency than CZK
	Unnamed    int // rows without a counterparty, or with a blank one: untidy, and otherwise right
}

// Rejected is the number of rows that no report may count: all but the unnamed, and both rows of a duplicated document.
func (d Dirt) Rejected() int { return d.Missing + d.Zero + d.Account + 2*d.Duplicated + d.Currency }

// Month is what is to be found in one month of the ledger.
type Month struct {
	Period   string // YYYY-MM
	Rows     int    // all of them
	Sum      Amount // of all rows with an amount, in whatever currency: what a control total has to meet
	Dirt     Dirt
	Valid    int    // Rows without Dirt.Rejected
	Revenue  Amount // of the valid rows
	Expenses Amount // of the valid rows, below zero
}

// Net is the result of the valid rows.
func (m Month) Net() Amount { return m.Revenue + m.Expenses }

// month is how one month is made.
type month struct {
	year   int
	month  time.Month
	total  int   // rows, dirt included
	growth int64 // of amounts, in per cent of the first month
	staff  int
	dirt   Dirt
}

var months = []month{
	{2025, time.March, 3412, 100, 44, Dirt{11, 6, 8, 7, 9, 14}},
	{2025, time.April, 3488, 100, 44, Dirt{12, 5, 9, 6, 10, 11}},
	{2025, time.May, 3561, 101, 45, Dirt{9, 7, 7, 8, 11, 16}},
	{2025, time.June, 3634, 102, 45, Dirt{13, 6, 10, 7, 8, 12}},
	{2025, time.July, 3270, 102, 45, Dirt{14, 4, 8, 5, 9, 19}},
	{2025, time.August, 3185, 103, 46, Dirt{12, 5, 11, 6, 7, 21}},
	{2025, time.September, 3790, 104, 47, Dirt{10, 8, 9, 9, 12, 13}},
	{2025, time.October, 3968, 104, 48, Dirt{15, 6, 10, 8, 11, 15}},
	{2025, time.November, 4893, 105, 49, Dirt{17, 9, 12, 11, 14, 18}},
	{2025, time.December, 5374, 106, 50, Dirt{21, 10, 14, 13, 12, 24}},
	{2026, time.January, 3502, 107, 50, Dirt{11, 7, 8, 6, 13, 10}},
	{2026, time.February, 3644, 108, 51, Dirt{10, 5, 12, 7, 9, 12}},
	{2026, time.March, 4087, 109, 52, Dirt{14, 6, 9, 8, 11, 17}},
}

// Periods are the months of the ledger, YYYY-MM, in order.
func Periods() []string {
	periods := make([]string, len(months))
	for i := range months {
		periods[i] = months[i].period()
	}
	return periods
}

// Expected is what a correct report of the period finds; an error where the ledger has no such month.
func Expected(period string) (Month, error) {
	prague, err := time.LoadLocation(zone)
	if err != nil {
		return Month{}, fmt.Errorf("seed: %w", err)
	}
	for i := range months {
		if months[i].period() == period {
			return count(&months[i], months[i].rows(prague)), nil
		}
	}
	return Month{}, fmt.Errorf("seed: the ledger has no month %q", period)
}

func (m *month) period() string { return fmt.Sprintf("%04d-%02d", m.year, int(m.month)) }

// count adds up what the rows are worth to a report that rejects dirt.
func count(m *month, rows []row) Month {
	seen := make(map[int64]int, len(rows))
	for i := range rows {
		seen[rows[i].id]++
	}
	found := Month{Period: m.period(), Rows: len(rows), Dirt: m.dirt}
	for i := range rows {
		r := &rows[i]
		if !r.missing {
			found.Sum += r.amount
		}
		if r.missing || r.amount == 0 || !known(r.account) || seen[r.id] > 1 || r.currency != currency {
			continue
		}
		found.Valid++
		if r.amount > 0 {
			found.Revenue += r.amount
		} else {
			found.Expenses += r.amount
		}
	}
	return found
}
