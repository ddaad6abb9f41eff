package sheet

import (
	"strconv"
	"time"

	"github.com/shopspring/decimal"
)

// bound is the smallest number of more than MaxDigits digits.
const bound = 1_000_000_000_000_000

// exact reports whether the significant digits of n are no more than MaxDigits.
func exact(n int64) bool {
	for n >= bound || n <= -bound {
		if n%10 != 0 {
			return false
		}
		n /= 10
	}
	return true
}

// Exact reports whether d can be a number of a cell without losing a digit.
func Exact(d decimal.Decimal) bool {
	if d.NumDigits() > 18 {
		text := d.Coefficient().Text(10)
		end, start := len(text), 0
		for end > 0 && text[end-1] == '0' {
			end--
		}
		if text[0] == '-' {
			start = 1
		}
		return end-start <= MaxDigits
	}
	return exact(d.CoefficientInt64())
}

// appendDecimal writes d with all its digits, as decimal.Decimal.String does with those behind the point kept.
func appendDecimal(b []byte, d decimal.Decimal) []byte {
	scale := -int(d.Exponent())
	if scale < 0 || scale > 18 || d.NumDigits() > 18 {
		return append(b, d.StringFixed(int32(max(scale, 0)))...)
	}
	n := d.CoefficientInt64()
	if n < 0 {
		b, n = append(b, '-'), -n
	}
	var digits [20]byte
	text := strconv.AppendInt(digits[:0], n, 10)
	if scale == 0 {
		return append(b, text...)
	}
	if len(text) <= scale {
		b = append(b, '0', '.')
		for range scale - len(text) {
			b = append(b, '0')
		}
		return append(b, text...)
	}
	b = append(b, text[:len(text)-scale]...)
	b = append(b, '.')
	return append(b, text[len(text)-scale:]...)
}

// The days that every reader counts alike, from 30 December 1899: some believe in a 29 February 1900.
const (
	unixDay  = 25_569
	firstDay = 61        // 1 March 1900
	lastDay  = 2_958_465 // 31 December 9999
)

// serial is the wall clock of t as days and microseconds of the day, whatever its zone.
func serial(t time.Time) (day, micros int64, ok bool) {
	_, offset := t.Zone()
	seconds := t.Unix() + int64(offset)
	day = seconds / 86_400
	if seconds%86_400 < 0 {
		day--
	}
	micros = (seconds-day*86_400)*1_000_000 + int64(t.Nanosecond()/1000)
	day += unixDay
	return day, micros, day >= firstDay && day <= lastDay
}

// appendMoment writes a day and its fraction with 11 digits, which is finer than a microsecond.
func appendMoment(b []byte, day, micros int64) []byte {
	fraction := (micros*125 + 54) / 108 // micros / 86.4e9 * 1e11, rounded
	b = strconv.AppendInt(b, day, 10)
	if fraction == 0 {
		return b
	}
	b = append(b, '.')
	digits := strconv.AppendInt(make([]byte, 0, 12), 100_000_000_000+fraction, 10)[1:]
	for digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	return append(b, digits...)
}
