package calendar

import "time"

// In is the day of a month that d means, by the business days of c.
//
// A month that is shorter than day N has it on its last day. Business days are counted from the month's beginning, into the next
// month where own closed days leave too few; from its end, not beyond its first one.
func (d Day) In(year int, month time.Month, c Calendar) Date {
	first := dateOf(time.Date(year, month, 1, 0, 0, 0, 0, time.UTC))
	last := dateOf(time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC))
	var day Date
	switch {
	case d.unit == businessDays && d.last:
		return fromEnd(first, last, d.nth, c)
	case d.unit == businessDays:
		return fromBeginning(first, d.nth, c)
	case d.unit == weekdays && d.last:
		day = last.Add(-(int(last.Weekday()-d.weekday+7) % 7) - 7*(d.nth-1))
	case d.unit == weekdays:
		day = first.Add(int(d.weekday-first.Weekday()+7)%7 + 7*(d.nth-1))
	case d.last:
		day = last.Add(1 - d.nth)
	default:
		day = first.Add(min(d.nth, last.Day) - 1)
	}
	if d.orNext {
		return fromBeginning(day, 1, c)
	}
	return day
}

// Furthest is how many days on from where counting begins a business day is looked for.
const Furthest = 120

// fromBeginning is the nth business day from a day on. Where a calendar of hardly any business days has fewer, it is the day at
// which looking ends: that a report is due some day counts for more than the rule.
func fromBeginning(day Date, nth int, c Calendar) Date {
	for range Furthest {
		if c.Works(day) {
			if nth--; nth == 0 {
				break
			}
		}
		day = day.Add(1)
	}
	return day
}

// fromEnd is the nth last business day of a month: its first one where there are fewer, its last day where there is none.
func fromEnd(first, last Date, nth int, c Calendar) Date {
	found := last
	for day := last; nth > 0 && day != first.Add(-1); day = day.Add(-1) {
		if c.Works(day) {
			found = day
			nth--
		}
	}
	return found
}
