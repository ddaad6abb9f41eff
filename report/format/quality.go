package format

import (
	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

// qualityView is the section on the rules.
type qualityView struct {
	Failed    bool
	Verdict   string
	Tables    []countView
	Rules     []ruleView
	Offending []offendingView
}

type countView struct{ Name, Extracted, Valid, Rejected string }

type ruleView struct {
	Rule, Severity, On, Rows string
	Broken, Warning          bool
	Finding                  string // of a rule on an extract as a whole
	Keys                     []string
	More                     string
}

// offendingView is the first rows that break a rule, as far as the definition shows them.
type offendingView struct {
	Title string
	Head  []string
	Rows  [][]string
}

// viewQuality writes the counts of every rule, kept ones too: a rule that is not listed might not have been looked at.
func viewQuality(doc report.Document) qualityView {
	v, l := doc.Validation, doc.Locale
	w := wordsOf(l)
	out := qualityView{Failed: v.Failed, Verdict: verdictIn(v, l)}
	for _, t := range v.Tables {
		out.Tables = append(out.Tables, countView{report.Clean(t.Name), countIn(l, t.Extracted), countIn(l, t.Valid), countIn(l, t.Quarantined)})
	}
	for _, r := range v.Rules {
		view := ruleView{
			Rule: report.Clean(r.Rule), On: report.Clean(r.On), Rows: countIn(l, r.Broken), Broken: r.Broken > 0, Warning: r.Severity == report.Warn,
			Severity: map[report.Severity]string{report.Warn: w.Warn, report.Reject: w.Reject, report.Fail: w.Fail}[r.Severity],
			Finding:  finding(r, l), Keys: cleanAll(r.Keys),
		}
		if len(r.Shown) > 0 {
			out.Offending = append(out.Offending, viewOffending(r, w))
		}
		if more := r.Broken - int64(len(r.Keys)); more > 0 && len(r.Keys) > 0 {
			view.More = put(w.More, countIn(l, more))
		}
		out.Rules = append(out.Rules, view)
	}
	return out
}

func viewOffending(r report.RuleResult, w words) offendingView {
	out := offendingView{Title: put(w.Offending, report.Clean(r.Rule)), Head: append([]string{w.Key}, cleanAll(r.Columns)...)}
	for i, key := range r.Keys {
		if i < len(r.Shown) {
			out.Rows = append(out.Rows, append([]string{report.Clean(key)}, cleanAll(r.Shown[i])...))
		}
	}
	return out
}

// verdictIn is the sentence that a reader looks for first.
func verdictIn(v report.Validation, l report.Locale) string {
	g, w := v.Gate, wordsOf(l)
	holds := w.RuleKept
	if v.Failed {
		holds = w.RuleBroken
	}
	if g.Of == "" {
		return holds
	}
	text := put(w.Rejected, countIn(l, g.Rejected), countIn(l, g.Extracted), report.Clean(g.Of))
	if s := shares(g.Share, g.Limit, l); s != "" {
		text += " " + s
	}
	if g.AmountLimit != "" {
		text += "; " + w.OfAmount + " " + shares(g.AmountShare, g.AmountLimit, l)
	}
	if g.Shut {
		holds = w.GateShut
	}
	return text + ". " + holds
}

// shares is "(1.52%, at most 2% allowed)".
func shares(share, limit string, l report.Locale) string {
	w := wordsOf(l)
	switch {
	case share == "" && limit == "":
		return ""
	case limit == "":
		return put(w.Share, percent(share, l))
	}
	return put(w.ShareLimit, percent(share, l), percent(limit, l))
}

// percent writes a fraction as a percentage with two digits at most; what is no decimal is shown as it is.
func percent(fraction string, l report.Locale) string {
	d, err := decimal.NewFromString(fraction)
	if err != nil {
		return report.Clean(fraction)
	}
	rounded := d.Shift(2).Round(2)
	digits := int32(0)
	for digits < 2 && !rounded.Equal(rounded.Truncate(digits)) {
		digits++
	}
	return l.Percent(rounded.Shift(-2), int(digits))
}

func countIn(l report.Locale, n int64) string { return l.Figure(decimal.NewFromInt(n), 0) }
