package report_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

func TestFormatDecimal(t *testing.T) {
	tests := []struct {
		value  string
		digits int
		want   string
	}{
		{"0", 2, "0.00"},
		{"-0.004", 2, "0.00"}, // no negative zero
		{"0.125", 2, "0.13"},  // half away from zero
		{"0.135", 2, "0.14"},
		{"-0.125", 2, "−0.13"},
		{"999.995", 2, "1,000.00"},
		{"1234567.89", 2, "1,234,567.89"},
		{"-123456", 0, "−123,456"},
		{"0.5", 0, "1"},
		{"1.5", 0, "2"},
		{"99999999999999999999999999999999999.99", 2, "99,999,999,999,999,999,999,999,999,999,999,999.99"},
	}
	for _, test := range tests {
		if got := report.FormatDecimal(dec(test.value), test.digits); got != test.want {
			t.Errorf("%s with %d digits: got %q, want %q", test.value, test.digits, got, test.want)
		}
	}
}

func TestFormatValue(t *testing.T) {
	at := time.Date(2026, 3, 29, 3, 0, 0, 0, time.FixedZone("", 7200))
	tests := []struct {
		name  string
		value any
		style report.Style
		want  string
	}{
		{"null", nil, report.Style{Kind: report.Decimal, Format: report.FormatMoney}, ""},
		{"money", dec("-1234.5"), report.Style{Format: report.FormatMoney, Currency: "CZK"}, "−1,234.50"},
		{"money without minor units", dec("1234.5"), report.Style{Format: report.FormatMoney, Currency: "JPY"}, "1,235"},
		{"money with three", dec("1.5"), report.Style{Format: report.FormatMoney, Currency: "KWD"}, "1.500"},
		{"whole money", int64(7), report.Style{Format: report.FormatMoney, Currency: "EUR"}, "7.00"},
		{"number", dec("1.5"), report.Style{Format: report.FormatNumber, Scale: 3}, "1.500"},
		{"percent", dec("0.02315"), report.Style{Format: report.FormatPercent, Scale: 5}, "2.32%"},
		{"integer", int64(-48211), report.Style{Format: report.FormatInteger}, "−48,211"},
		{"text", "日本", report.Style{Kind: report.Text}, "日本"},
		{"boolean", true, report.Style{Kind: report.Boolean}, "true"},
		{"date", day(1), report.Style{Kind: report.Date}, "2026-03-01"},
		{"timestamp at midnight", day(1), report.Style{Kind: report.Timestamp}, "2026-03-01 00:00:00 +00:00"},
		{"timestamp", at, report.Style{Kind: report.Timestamp}, "2026-03-29 03:00:00 +02:00"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := report.FormatValue(test.value, test.style); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func FuzzFormatDecimal(f *testing.F) {
	f.Add("-1234567.895", 2)
	f.Add("0", 0)
	f.Add("1E30", 3)
	f.Fuzz(func(t *testing.T, s string, digits int) {
		d, err := decimal.NewFromString(s)
		if err != nil || d.Exponent() > 100 || d.Exponent() < -100 || digits < 0 || digits > 20 {
			return
		}
		text := report.FormatDecimal(d, digits)
		back := strings.ReplaceAll(strings.Replace(text, report.Minus, "-", 1), ",", "")
		if got := dec(back); !got.Equal(d.Round(int32(digits))) {
			t.Fatalf("%s became %s", d, text)
		}
	})
}

func ExampleFormatDecimal() {
	fmt.Println(report.FormatDecimal(decimal.RequireFromString("-1284310.425"), 2))
	// Output: −1,284,310.43
}

func ExamplePeriod_Words() {
	p, _ := report.ParsePeriod("2026-03")
	fmt.Println(p.Words(), p, p.Add(-1))
	// Output: March 2026 2026-03 2026-02
}
