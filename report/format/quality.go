package format

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

// qualityView is the section on the rules.
type qualityView struct {
	Failed  bool
	Verdict string
	Tables  []countView
	Rules   []ruleView
}

type countView struct{ Name, Extracted, Valid, Rejected string }

type ruleView struct {
	Rule, Severity, On, Rows string
	Broken                   bool
	Finding                  string // of an assert
	Keys                     []string
	More                     string
}

// severityWords says what a severity did, in words that need no manual.
var severityWords = map[report.Severity]string{report.Warn: "warning", report.Reject: "reject", report.Fail: "must hold"}

// viewQuality writes the counts of every rule, kept ones too: a rule that is not listed might not have been looked at.
func viewQuality(doc report.Document) qualityView {
	v := doc.Validation
	out := qualityView{Failed: v.Failed, Verdict: verdict(v)}
	for _, t := range v.Tables {
		out.Tables = append(out.Tables, countView{report.Clean(t.Name), count(t.Extracted), count(t.Valid), count(t.Quarantined)})
	}
	for _, r := range v.Rules {
		view := ruleView{
			Rule: report.Clean(r.Rule), Severity: severityWords[r.Severity], On: report.Clean(r.On), Rows: count(r.Broken), Broken: r.Broken > 0,
		}
		for _, key := range r.Keys {
			view.Keys = append(view.Keys, report.Clean(key))
		}
		if more := r.Broken - int64(len(r.Keys)); more > 0 && len(r.Keys) > 0 {
			view.More = "and " + count(more) + " more"
		}
		if r.Expected != "" || r.Actual != "" {
			view.Finding = fmt.Sprintf("expected %s, found %s", figure(r.Expected), figure(r.Actual))
			if r.Tolerance != "" {
				view.Finding += ", tolerance " + figure(r.Tolerance)
			}
		}
		out.Rules = append(out.Rules, view)
	}
	return out
}

// verdict is the sentence that a reader looks for first.
func verdict(v report.Validation) string {
	g := v.Gate
	if g.Of == "" {
		if v.Failed {
			return "A rule that must hold is broken."
		}
		return "Every rule that must hold is kept."
	}
	text := fmt.Sprintf("%s of %s rows of %s rejected", count(g.Rejected), count(g.Extracted), report.Clean(g.Of))
	text += shares("", g.Share, g.Limit)
	if g.AmountLimit != "" {
		text += "; of the amount" + shares(" ", g.AmountShare, g.AmountLimit)
	}
	switch {
	case g.Shut:
		return text + ". That is more than the gate lets through."
	case v.Failed:
		return text + ". A rule that must hold is broken."
	}
	return text + ". Every rule that must hold is kept."
}

// shares is " (1.52%, at most 2% allowed)".
func shares(space, share, limit string) string {
	switch {
	case share == "" && limit == "":
		return ""
	case limit == "":
		return space + " (" + percent(share) + ")"
	}
	return space + " (" + percent(share) + ", at most " + percent(limit) + " allowed)"
}

// percent writes a fraction as a percentage with two digits at most; what is no decimal is shown as it is.
func percent(fraction string) string {
	d, err := decimal.NewFromString(fraction)
	if err != nil {
		return report.Clean(fraction)
	}
	return d.Shift(2).Round(2).String() + "%"
}

// figure writes a decimal given as text with all its digits, in groups.
func figure(text string) string {
	d, err := decimal.NewFromString(text)
	if err != nil {
		return report.Clean(text)
	}
	return report.FormatDecimal(d, int(max(0, -d.Exponent())))
}

func count(n int64) string { return report.FormatDecimal(decimal.NewFromInt(n), 0) }
