package format

import (
	"slices"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/format/sheet"
)

// qualityColumns are those of the sheet on the rules, before the ones that the definition lets a reader see.
const qualityColumns = 8

// addQuality declares the sheet on the rules: the counts, each rule's verdict, the first offending rows.
func (x *workbook) addQuality() {
	tab := x.book.Tab(x.own.quality)
	x.quality = tab
	x.sheets = append(x.sheets, drawable{[]*sheet.Tab{tab}, nil, x.drawQuality})
}

func (x *workbook) drawQuality() error {
	v := x.doc.Validation
	shown := shownColumns(v)
	q := &qualitySheetOf{workbook: x, grid: grid{columns: qualityColumns + max(0, len(shown)+2-qualityColumns), page: x.paper(x.own.quality)}}
	q.page.Plain = true
	q.page.Widths = []float64{26, 20, 16, 14, 18, 18, 14, 14}
	for range q.columns - len(q.page.Widths) {
		q.page.Widths = append(q.page.Widths, 18)
	}
	q.block()
	q.add(22)
	q.text(0, q.book.Style(sheet.Style{Bold: true, Size: 14, Color: inkColor, Vertical: sheet.Center}), q.words.Quality)
	q.wrapped(0, q.book.Style(sheet.Style{Wrap: true, Vertical: sheet.Top, Bold: true, Color: map[bool]string{false: goodColor, true: badColor}[v.Failed]}), verdictIn(v, x.doc.Locale))
	q.add(0)
	q.counts(v)
	q.add(0)
	q.block()
	q.rules(v)
	q.offending(v, shown)
	q.widen()
	return q.write(x.quality)
}

// qualitySheetOf is the sheet on the rules while it is laid out.
type qualitySheetOf struct {
	*workbook
	grid
}

// heads writes a row of column heads; those from figures on stand over figures.
func (q *qualitySheetOf) heads(figures int, labels ...string) {
	q.add(headHeight)
	for i, label := range labels {
		kind := report.Text
		if figures >= 0 && i >= figures {
			kind = report.Integer
		}
		q.text(i, q.look.headOf(kind, report.AlignAuto, false), label)
	}
}

func (q *qualitySheetOf) counts(v report.Validation) {
	q.heads(1, q.words.Extract, q.words.Extracted, q.words.Valid, q.words.Quarantined)
	style := q.look.cell(q.look.plain, report.Integer, report.FormatInteger, 0, report.AlignAuto)
	for _, t := range v.Tables {
		q.add(0)
		q.text(0, 0, t.Name)
		for i, n := range []int64{t.Extracted, t.Valid, t.Quarantined} {
			q.put(i+1, style, n, report.Integer)
		}
	}
}

// rules lists every rule, kept ones too: one that is not listed might not have been looked at.
func (q *qualitySheetOf) rules(v report.Validation) {
	q.heads(3, q.own.rule, q.own.on, q.words.Severity, q.words.Rows, q.own.expected, q.own.found, q.own.tolerance)
	severities := map[report.Severity]string{report.Warn: q.words.Warn, report.Reject: q.words.Reject, report.Fail: q.words.Fail}
	for _, r := range v.Rules {
		q.add(0)
		broken := sheet.Style{}
		if r.Broken > 0 {
			broken.Bold, broken.Color = true, badColor
			if r.Severity == report.Warn {
				broken.Color = warnColor
			}
		}
		q.text(0, 0, r.Rule)
		q.text(1, 0, r.On)
		q.text(2, 0, severities[r.Severity])
		q.put(3, q.look.cell(broken, report.Integer, report.FormatInteger, 0, report.AlignAuto), r.Broken, report.Integer)
		for i, text := range []string{r.Expected, r.Actual, r.Tolerance} {
			q.figure(4+i, text)
		}
	}
}

// figure writes a decimal that is given as text with all its digits.
func (q *qualitySheetOf) figure(column int, text string) {
	d, err := decimal.NewFromString(text)
	if err != nil {
		q.text(column, q.book.Style(sheet.Style{Align: sheet.Right, Indent: 1}), limits(text, q.doc.Locale))
		return
	}
	q.put(column, q.look.cell(q.look.plain, report.Decimal, report.FormatNumber, int(max(0, -d.Exponent())), report.AlignAuto), d, report.Decimal)
}

// offending lists the keys of the first rows that broke each rule, and what the definition shows beside them.
func (q *qualitySheetOf) offending(v report.Validation, shown []string) {
	any := slices.ContainsFunc(v.Rules, func(r report.RuleResult) bool { return len(r.Keys) > 0 })
	if !any {
		return
	}
	q.add(0)
	q.block()
	q.add(0)
	q.text(0, q.book.Style(sheet.Style{Bold: true, Color: inkColor}), q.own.first)
	q.heads(-1, append([]string{q.own.rule, q.words.Key}, shown...)...)
	for _, r := range v.Rules {
		for i, key := range r.Keys {
			q.add(0)
			q.text(0, 0, r.Rule)
			q.text(1, 0, key)
			for c, column := range r.Columns {
				if i < len(r.Shown) && c < len(r.Shown[i]) {
					q.text(2+slices.Index(shown, column), 0, r.Shown[i][c])
				}
			}
		}
		if more := r.Broken - int64(len(r.Keys)); more > 0 && len(r.Keys) > 0 {
			q.add(0)
			q.text(0, q.look.muted, r.Rule)
			q.text(1, q.look.muted, put(q.words.More, countIn(q.doc.Locale, more)))
		}
	}
}

// shownColumns are all columns that stand beside keys, in the order of the rules.
func shownColumns(v report.Validation) []string {
	var out []string
	for _, r := range v.Rules {
		for _, c := range r.Columns {
			if !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	return out
}
