package commentary

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

func amount(text string) decimal.Decimal { return decimal.RequireFromString(text) }

// asked is a request over figures of every kind.
func asked(locale report.Locale) Request {
	return Request{
		Title: "Sales", Currency: "EUR", Locale: locale, Period: report.Period{Year: 2026, Month: time.March},
		Commentary: report.Commentary{Datasets: []string{"summary", "by_category"}, Share: map[string][]string{"by_category": {"category"}}},
		Datasets: []report.Dataset{
			{Name: "summary", Columns: []report.Column{
				{Name: "rows", Kind: report.Integer}, {Name: "net", Kind: report.Decimal, Scale: 2}, {Name: "best_day", Kind: report.Date},
				{Name: "cost_share", Kind: report.Decimal, Scale: 4}, {Name: "growth_percent", Kind: report.Decimal, Scale: 1}, {Name: "secret", Kind: report.Text},
			}, Rows: [][]any{{int64(4012), amount("1234567.89"), time.Date(2026, 3, 17, 0, 0, 0, 0, time.UTC), amount("0.1234"), amount("-7.5"), "Hidden 777"}}},
			{Name: "by_category", Columns: []report.Column{{Name: "category", Kind: report.Text}, {Name: "net", Kind: report.Decimal, Scale: 2}},
				Rows: [][]any{{"Branch 12", amount("-999.50")}, {"Fees", amount("45.00")}, {"88", amount("3")}}},
			{Name: "other", Columns: []report.Column{{Name: "n", Kind: report.Integer}}, Rows: [][]any{{int64(555)}}},
		},
	}
}

func TestNumbersAreHeldAgainstTheData(t *testing.T) {
	for _, c := range []struct {
		locale    report.Locale
		text      string
		want, why string
	}{
		{"en", "Net was 1,234,567.89 over 4,012 rows.", "yes", "as they are"},
		{"en", "Net was 1234567.89 over 4012 rows.", "yes", "without separators"},
		{"en", "Fees of 45 and a loss of −999.5 EUR.", "yes", "zeros at the end, the sign aside"},
		{"en", "Net was 1,234,568.", "yes", "rounded, with three digits or more"},
		{"en", "Net was 1,234,567.", "no", "rounded wrongly"},
		{"en", "Net was 1,200,000.", "no", "rounded further than to whole units, without a word that says so"},
		{"en", "Net was 1.23 million, or 1.2m, or 1,235k.", "yes", "divided and rounded"},
		{"en", "Net was 1.24 million.", "no", "another one"},
		{"en", "Net was 1 million.", "no", "one digit says too little"},
		{"en", "Net was 1.2 billion.", "no", "a thousand times as much"},
		{"en", "The share was 12.34%, about 12.3 % or 12 percent.", "yes", "of a column that speaks of a share"},
		{"en", "The share was 13%.", "no", "another one"},
		{"en", "Growth of 7.5%.", "yes", "of a column that speaks of percent"},
		{"en", "Fees rose by 45%.", "no", "an amount is no percentage"},
		{"en", "Fees rose by 4,500%.", "no", "an amount is no share"},
		{"en", "In March 2026 the best day was 2026-03-17.", "yes", "the month, and a date of the data"},
		{"en", "In March 2025 net was 45.", "no", "another month"},
		{"en", "In 2026 net was 45.", "no", "a year alone could be anything"},
		{"en", "On 2026-03-18 net was 45.", "no", "another date"},
		{"en", "Branch 12 lost 999.50.", "yes", "a shared text"},
		{"en", "Branch 13 lost 999.50.", "no", "another text"},
		{"en", "There were 12 branches.", "no", "the number of a text is none"},
		{"en", "There were 88 of them.", "no", "a text that is a number bears nothing out"},
		{"en", "Branch 123 lost 45.", "no", "a text goes on"},
		{"en", "It was 555.", "no", "a dataset that is not shared"},
		{"en", "It was 777.", "no", "a column that is not shared"},
		{"en", "Net was 1.234.567,89.", "no", "another language's separators"},
		{"en", "Net was 1,23,4567.89.", "no", "groups of other sizes"},
		{"en", "Net was 4,012.89.", "no", "one number, not two"},
		{"en", "Q45 was good.", "no", "glued to letters"},
		{"en", "It was 45x as much.", "no", "glued to letters"},
		{"en", "It was 45‰.", "no", "another sign"},
		{"en", "Fees doubled.", "no", "in words"},
		{"en", "About two thirds of it.", "no", "in words"},
		{"en", "Fees were forty-five.", "no", "in words"},
		{"en", "Fees were ４５.", "no", "other digits"},
		{"en", "Half of it: ½.", "no", "other digits"},
		{"en", "Fees were 45, net 1,234,567.89, rows 4,012; all well.", "yes", "commas behind numbers"},
		{"en", "Fees were 45 4,012 times.", "yes", "a space parts numbers"},
		{"en", "A quiet month for one branch.", "yes", "no number"},
		{"en", "See https://example.com for 45.", "no", "a link"},
		{"en", "Fees <b>45</b>.", "no", "markup"},
		{"en", "Fees \u202e54.", "no", "a mark that reorders"},
		{"de", "Netto 1.234.567,89 in 4.012 Zeilen, das sind 1,23 Mio. EUR im März 2026.", "yes", "as German writes them"},
		{"de", "Netto 1,234,567.89.", "no", "as English writes them"},
		{"de", "Der Anteil betrug 12,34 %, das Beste am 17.03.2026.", "yes", "a date as German writes it"},
		{"de", "Es waren zwei Filialen.", "no", "in words"},
		{"fr", "Net de 1\u202f234\u202f567,89 sur 4 012 lignes, soit 12,3\u00a0%.", "yes", "any space groups"},
		{"fr", "Net de 4 013 lignes.", "no", "another one"},
		{"fr", "La moitié.", "no", "in words"},
		{"cs", "Čistý výsledek 1\u00a0234\u00a0567,89, tedy 1,23 mil. Kč v měsíci březen 2026.", "yes", "as Czech writes them"},
		{"cs", "Zdvojnásobil se.", "no", "in words"},
		{"ja", "2026年3月の純額は1,234,567.89、約123万でした。", "yes", "as Japanese writes them"},
		{"ja", "2026年4月の純額は1,234,567.89でした。", "no", "another month"},
		{"ja", "純額は124万でした。", "no", "another one"},
		{"ja", "二倍になりました。", "no", "in words"},
	} {
		kept, discarded := newChecker(asked(c.locale)).keep(c.text)
		if got := len(kept) == 1; got != (c.want == "yes") || len(kept)+discarded != 1 {
			t.Errorf("%s: %q: got kept %v, want %s: %s", c.locale, c.text, kept, c.want, c.why)
		}
	}
}

func TestParagraphsAreKeptOneByOne(t *testing.T) {
	text := "Fees were\n45.\r\n\r\nNet was 5.\n\n\nA quiet month.\n"
	kept, discarded := newChecker(asked("en")).keep(text)
	if diff := cmp.Diff([]string{"Fees were 45.", "A quiet month."}, kept); diff != "" || discarded != 1 {
		t.Errorf("discarded %d (-want +got):\n%s", discarded, diff)
	}
	if kept, discarded = newChecker(asked("en")).keep(strings.Repeat("Well.\n\n", 9)); len(kept) != maxParagraphs || discarded != 9-maxParagraphs {
		t.Errorf("got %d kept, %d discarded", len(kept), discarded)
	}
}

func TestOnlyWhatIsMarkedIsSent(t *testing.T) {
	text, err := asked("de").shared()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1.234.567,89", "4.012", "2026-03-17", "Branch 12", `"net"`, "März 2026"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in what is sent: %s", want, text)
		}
	}
	for _, hidden := range []string{"Hidden", "secret", "555", "other"} {
		if strings.Contains(text, hidden) {
			t.Errorf("%s is in what is sent: %s", hidden, text)
		}
	}
	large := asked("en")
	large.Datasets[0].Rows = make([][]any, 3000)
	for i := range large.Datasets[0].Rows {
		large.Datasets[0].Rows[i] = asked("en").Datasets[0].Rows[0]
	}
	if _, err := large.shared(); err == nil {
		t.Error("got a prompt without bounds, want an error")
	}
}

// FuzzKeep looks for a text that is kept with a digit that stands in no number of the data, rounded or not.
func FuzzKeep(f *testing.F) {
	for _, seed := range []string{"Net was 1,234,567.89.", "1.23 million", "Branch 12", "12.3%", "March 2026", "٣", "4012", "a\n\nb 7", "1\u202f2"} {
		f.Add(seed)
	}
	digits := "1234567.89 4012 2026-03-17 12.34 7.5 Branch 12 999.50 1000 45.00 3 1.235"
	f.Fuzz(func(t *testing.T, text string) {
		kept, _ := newChecker(asked("en")).keep(text)
		for _, p := range kept {
			for _, r := range p {
				if r >= '0' && r <= '9' && !strings.ContainsRune(digits, r) {
					t.Errorf("%q is kept with the digit %q", p, r)
				}
			}
			if report.Clean(p) != p {
				t.Errorf("%q is kept and is not fit for a page", p)
			}
		}
	})
}
