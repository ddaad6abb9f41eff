package seed

import (
	"fmt"
	"slices"
	"time"
)

// bankAccount is an account that the company has with its bank.
type bankAccount struct {
	id      int32
	number  string
	name    string
	opening Amount // on the first day of the first month
	traffic int    // payments a month
	least   Amount
	most    Amount
	incomes int64 // payments in, in per cent
	parties []string
}

var bankAccounts = []bankAccount{
	{1, "2300014711/6000", "Operating account", 3_812_406*crown + 27, 260, 120 * crown, 118_000 * crown, 54, append(slices.Clip(customers), suppliers...)},
	{2, "2300014738/6000", "Card terminals", 214_950*crown + 80, 92, 1_900 * crown, 36_000 * crown, 97, []string{"Terminál Letná", "Terminál Vinohrady", "Terminál e-shop"}},
	{3, "2300014754/6000", "Reserve account", 6_000_000 * crown, 9, 5_000 * crown, 240_000 * crown, 61, []string{"Aurora Trading s.r.o."}},
}

// BankDirt counts what does not meet in one month. No payment is wrong in two ways.
type BankDirt struct {
	Charges   int // lines of the bank without a reference, which nobody has entered in the cash book
	Unentered int // payments on the statement that are not in the cash book
	Transit   int // payments in the cash book that the bank has not carried out
	Altered   int // payments whose two amounts differ: digits that changed places
	Doubled   int // payments entered twice
	Missing   int // lines of the cash book without an amount: no report may count them
}

// BankMonth is what is to be found in one month of the bank's statements and of the cash book.
type BankMonth struct {
	Period      string // YYYY-MM
	BankLines   int
	CashLines   int    // all of them, those without an amount too
	BankSum     Amount // of the statement
	CashSum     Amount // of the lines with an amount
	Dirt        BankDirt
	Matched     int    // payments with one amount on both sides
	Differences Amount // of the altered payments: bank minus cash book
}

// bankDirt is that of each month, in their order.
var bankDirt = []BankDirt{
	{3, 2, 4, 1, 1, 1}, {3, 1, 3, 2, 0, 1}, {3, 3, 2, 1, 1, 0}, {3, 2, 5, 0, 2, 1}, {3, 1, 2, 1, 1, 1}, {3, 0, 4, 2, 1, 2}, {3, 2, 3, 1, 0, 1},
	{3, 1, 4, 2, 1, 0}, {3, 4, 6, 3, 2, 1}, {3, 3, 7, 2, 1, 2}, {3, 2, 3, 1, 1, 1}, {3, 1, 2, 1, 0, 1}, {3, 2, 4, 2, 1, 2},
}

type bankLine struct {
	id           int64
	account      int32
	on           time.Time // a day, at midnight UTC
	reference    string    // "" is NULL
	counterparty string
	amount       Amount
	missing      bool // the amount is NULL; in the cash book only
}

// books are both sides of one month.
type books struct {
	bank, cash []bankLine
	found      BankMonth
}

// bankBooks makes month i. The bank carries a payment out up to two days after it was entered, but within the month.
func bankBooks(i int) books {
	m := &months[i]
	d := newDice(uint64(m.year*100+int(m.month)) + 1_000_000)
	days := bankDays(m)
	b := books{found: BankMonth{Period: m.period(), Dirt: bankDirt[i]}}
	number := int64(m.year)*1_000_000 + int64(m.month)*10_000
	next := func() int64 { number++; return number }
	var operating []int // places in b.cash of payments that may become dirt
	for _, a := range bankAccounts {
		for range a.traffic {
			entered := d.below(int64(len(days)))
			carried := min(entered+d.below(3), int64(len(days)-1))
			id := next()
			line := bankLine{
				id: id, account: a.id, on: days[carried], reference: fmt.Sprint(id), counterparty: a.parties[d.skewed(int64(len(a.parties)))],
				amount: a.least + Amount(d.skewed(int64((a.most-a.least)*Amount(m.growth)/100))),
			}
			if d.below(100) >= a.incomes {
				line.amount = -line.amount
			}
			b.bank = append(b.bank, line)
			line.on = days[entered]
			b.cash = append(b.cash, line)
			if a.id == 1 {
				operating = append(operating, len(b.cash)-1)
			}
		}
	}
	b.spoil(d, operating, days, next)
	return b
}

// spoil makes the month's dirt out of payments of the operating account. Both sides still have a line at the same place.
func (b *books) spoil(d dice, victims []int, days []time.Time, next func() int64) {
	for i := len(victims) - 1; i > 0; i-- {
		j := d.below(int64(i + 1))
		victims[i], victims[j] = victims[j], victims[i]
	}
	dirt := b.found.Dirt
	take := func(n int) []int {
		taken := victims[:n]
		victims = victims[n:]
		return taken
	}
	noBank, noCash := map[int]bool{}, map[int]bool{}
	for _, at := range take(dirt.Unentered) {
		noCash[at] = true
	}
	for _, at := range take(dirt.Transit) {
		noBank[at] = true
	}
	for _, at := range take(dirt.Altered) {
		crowns := b.cash[at].amount / crown
		b.cash[at].amount += 9 * (crowns%10 - crowns/10%10) * crown // its last two digits change places
		if crowns%10 == crowns/10%10 {
			b.cash[at].amount += 9 * crown
		}
		b.found.Differences += b.bank[at].amount - b.cash[at].amount
	}
	var doubled []bankLine
	for _, at := range take(dirt.Doubled) {
		doubled = append(doubled, b.cash[at])
	}
	for _, at := range take(dirt.Missing) {
		b.cash[at].amount, b.cash[at].missing = 0, true
	}
	b.found.Matched = len(b.cash) - dirt.Unentered - dirt.Transit - dirt.Altered - dirt.Missing
	b.bank, b.cash = without(b.bank, noBank), append(without(b.cash, noCash), doubled...)
	for i := range dirt.Charges {
		b.bank = append(b.bank, bankLine{
			id: next(), account: bankAccounts[i%len(bankAccounts)].id, on: days[len(days)-1], counterparty: "Banka Most a.s.", amount: -49*crown - Amount(d.below(12_000)),
		})
	}
	for _, lines := range [][]bankLine{b.bank, b.cash} {
		slices.SortStableFunc(lines, func(x, y bankLine) int { return x.on.Compare(y.on) })
	}
	b.found.BankLines, b.found.CashLines = len(b.bank), len(b.cash)
	b.found.BankSum, b.found.CashSum = sum(b.bank), sum(b.cash)
}

func without(lines []bankLine, gone map[int]bool) []bankLine {
	var kept []bankLine
	for i, line := range lines {
		if !gone[i] {
			kept = append(kept, line)
		}
	}
	return kept
}

func sum(lines []bankLine) (total Amount) {
	for _, line := range lines {
		total += line.amount
	}
	return total
}

// bankDays are the days of the month on which banks work.
func bankDays(m *month) []time.Time {
	var days []time.Time
	for day := time.Date(m.year, m.month, 1, 0, 0, 0, 0, time.UTC); day.Month() == m.month; day = day.AddDate(0, 0, 1) {
		if bustle(day) > 7 { // neither a Saturday, nor a Sunday, nor a holiday
			days = append(days, day)
		}
	}
	return days
}

// ExpectedBank is what a correct reconciliation of the period finds; an error where there is no such month.
func ExpectedBank(period string) (BankMonth, error) {
	for i := range months {
		if months[i].period() == period {
			return bankBooks(i).found, nil
		}
	}
	return BankMonth{}, fmt.Errorf("seed: the bank has no month %q", period)
}
