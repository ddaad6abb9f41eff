package seed

import (
	"fmt"
	"slices"
	"time"
)

const currency = "CZK"

// row is one transaction.
type row struct {
	id          int64
	at          time.Time
	account     int32
	category    string
	party       string // "" is NULL
	description string // "" is NULL
	amount      Amount
	missing     bool // the amount is NULL
	currency    string
	everyday    bool // may become dirt; a standing booking does not
}

// rows are the transactions of the month in the order of booking.
func (m *month) rows(prague *time.Location) []row {
	d := newDice(uint64(m.year*100 + int(m.month)))
	rows := m.standingRows(d, prague)
	everyday := m.total - m.dirt.Duplicated - len(rows)
	days, weights := m.days(prague), shares()
	calendar := make([]int64, len(days)-1)
	for i := range calendar {
		calendar[i] = bustle(days[i])
	}
	for i := range everyday {
		r := m.everydayRow(d, trades[d.choose(weights)])
		day := d.choose(calendar)
		r.at = moment(d, days[day], days[day+1])
		switch i { // the edges of the month, where a wrong zone shows
		case 0:
			r.at = days[0]
		case 1:
			r.at = days[len(days)-1].Add(-time.Second)
		}
		rows = append(rows, r)
	}
	sortByTime(rows)
	for i := range rows {
		rows[i].id = int64(m.year)*1_000_000 + int64(m.month)*10_000 + int64(i+1)
		if rows[i].description != "" {
			rows[i].description += fmt.Sprintf(" %d", rows[i].id)
		}
	}
	rows = m.spoil(d, rows, days[len(days)-1])
	sortByTime(rows)
	return rows
}

func (m *month) standingRows(d dice, prague *time.Location) []row {
	var rows []row
	for _, s := range standings(m, d) {
		day := s.day
		on := m.month
		if day == 0 {
			on++ // the day before the next month's first
		}
		rows = append(rows, row{
			// Whole minutes of the morning, when no clock is ever set.
			at:      time.Date(m.year, on, day, 8, 0, 0, 0, prague).Add(time.Duration(d.below(180)) * time.Minute),
			account: s.account, category: s.category, party: s.party, description: s.says,
			amount: sign(s.account) * s.amount, currency: currency,
		})
	}
	return rows
}

func (m *month) everydayRow(d dice, t trade) row {
	amount := t.least + Amount(d.skewed(int64(t.most-t.least)))
	r := row{
		account: t.account, category: t.category, party: t.parties[d.skewed(int64(len(t.parties)))], description: t.says,
		amount: sign(t.account) * amount * Amount(m.growth) / 100, currency: currency, everyday: true,
	}
	switch d.below(200) {
	case 0, 1, 2, 3, 4, 5: // nobody wrote anything
		r.description = ""
	case 6: // more than one line, as copied from a letter
		r.description += ", \"urgent\";\nsee letter"
	}
	return r
}

// days are the first instants of the days of the month, and of the next month's first day. Days of 23 and 25 hours are right
// because lengths are measured between midnights, and Prague never sets its clocks at midnight.
func (m *month) days(prague *time.Location) []time.Time {
	var days []time.Time
	for day := 1; ; day++ {
		at := time.Date(m.year, m.month, day, 0, 0, 0, 0, prague)
		days = append(days, at)
		if at.Month() != m.month {
			return days
		}
	}
}

// bustle is how much is booked on a day, compared with others.
func bustle(day time.Time) int64 {
	switch day.Format("01-02") { // the fixed public holidays
	case "01-01", "05-01", "05-08", "07-05", "07-06", "09-28", "10-28", "11-17", "12-24", "12-25", "12-26":
		return 3
	}
	return []int64{5, 21, 22, 21, 20, 17, 7}[day.Weekday()]
}

// moment is a second of the day: mostly in office hours, sometimes in the night, when only the shop on the web is open.
func moment(d dice, start, end time.Time) time.Time {
	length := int64(end.Sub(start) / time.Second)
	second := d.below(length)
	if d.below(100) < 92 {
		const opens, open = 7 * 3600, 12 * 3600
		second = length - 24*3600 + opens + d.below(open) // counted so that the clock is already set on the two odd days
	}
	return start.Add(time.Duration(second) * time.Second)
}

func employee(i int) string { return fmt.Sprintf("Zaměstnanec %03d", i+1) }

func sortByTime(rows []row) {
	slices.SortStableFunc(rows, func(a, b row) int { return a.at.Compare(b.at) })
}
