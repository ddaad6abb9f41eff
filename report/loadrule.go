package report

import (
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// DefaultAmountColumn is what a gate's amount sums where the definition does not say.
const DefaultAmountColumn = "amount"

// readRules reads the rules in the order of the file, which is the order in which they are reported.
func (l *loader) readRules(n *node) {
	seen := map[string]bool{}
	for _, item := range n.list() {
		name := item.get("rule")
		if s := name.str(); s != "" {
			if seen[s] {
				l.complain(name, "rule %q is given twice", clip(s))
			}
			seen[s] = true
		}
		l.def.Rules = append(l.def.Rules, l.readRule(item))
	}
}

// readRule reads one rule and checks what a schema cannot say well: which fields go together.
func (l *loader) readRule(n *node) Rule {
	on := n.get("on")
	rule := Rule{
		Name: n.get("rule").str(), On: on.str(), Severity: Severity(n.get("severity").str()),
		Check: n.get("check").str(), Unique: n.get("unique").strs(), KeepFirst: n.get("keep").str() == "first", Order: n.get("order").strs(),
	}
	var kinds []string
	for _, kind := range ruleKinds {
		if n.get(kind) != nil {
			kinds = append(kinds, kind)
		}
	}
	if len(kinds) == 0 && n.hasNear(ruleKinds...) || n.kind != mapNode {
		return rule // an unknown field, or no mapping: the schema has complained
	}
	if len(kinds) != 1 {
		got := "none"
		if len(kinds) > 1 {
			got = strings.Join(kinds, " and ")
		}
		l.complain(n, "rule %q: want exactly one of %s, got %s", clip(rule.Name), words(ruleKinds), got)
		return rule
	}
	kind := kinds[0]
	l.checkCompany(n, kind, rule.Name)
	switch {
	case kind == "assert" && on != nil:
		l.complain(on, "rule %q: an assert is on no extract; its query says what it compares", clip(rule.Name))
	case slices.Contains(wholeKinds, kind) && rule.Severity == Reject:
		l.complain(n.get("severity"), "rule %q: %s has no row to reject; want warn or fail", clip(rule.Name), kind)
	case kind != "assert" && on == nil && n.hasNear("on"):
		// An unknown field: the schema has complained.
	case kind != "assert" && on == nil:
		l.complain(n, "rule %q: \"on\" is missing: the extract whose rows are looked at", clip(rule.Name))
	case kind != "assert" && rule.On != "" && !l.isExtract(rule.On):
		l.complain(on, "rule %q: no extract is called %q%s", clip(rule.Name), clip(rule.On), DidYouMean(rule.On, l.extractNames()))
	}
	switch kind {
	case "check":
		for _, p := range Parameters(rule.Check) {
			l.complain(n.get("check"), "rule %q: %s", clip(rule.Name), parameterMistake(p, false))
		}
	case "references":
		rule.References = l.readReference(n)
	case "freshness":
		rule.Freshness = l.readFreshness(n, rule.Name)
	case "row_count":
		rule.RowCount = l.readRowCount(n.get("row_count"), rule.Name)
	case "assert":
		rule.Assert, rule.AssertPath = l.readSQL(n.get("assert"), false), n.get("assert").str()
		rule.Tolerance = "0" // a control total is exact unless somebody has written down why not
		if t := n.get("tolerance").str(); t != "" {
			rule.Tolerance = t
		}
	}
	return rule
}

// ruleKinds are the fields of which a rule has exactly one; wholeKinds those that look at the extract as a whole and at no row.
var (
	ruleKinds  = []string{"check", "unique", "references", "freshness", "row_count", "assert"}
	wholeKinds = []string{"freshness", "row_count", "assert"}
)

// words lists names as a sentence does.
func words(names []string) string {
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// companions says which field makes sense beside which kind of rule only.
var companions = []struct{ field, kind string }{
	{"keep", "unique"}, {"order", "unique"}, {"column", "references"}, {"within", "freshness"}, {"tolerance", "assert"},
}

// checkCompany refuses a field that its rule would pass over in silence.
func (l *loader) checkCompany(n *node, kind, rule string) {
	for _, c := range companions {
		if field := n.get(c.field); field != nil && kind != c.kind {
			l.complain(field, "rule %q: %s goes with %s only", clip(rule), c.field, c.kind)
		}
	}
	keep, order := n.get("keep"), n.get("order")
	if kind == "unique" && (keep == nil) != (order == nil) {
		l.complain(n, "rule %q: keep and order go together: the first row by order stays", clip(rule))
	}
}

// readReference reads "table(column)"; the referring column has the same name unless "column" says otherwise.
func (l *loader) readReference(n *node) *Reference {
	table, rest, ok := strings.Cut(n.get("references").str(), "(")
	if !ok {
		return nil
	}
	ref := &Reference{Table: table, Target: strings.TrimSuffix(rest, ")")}
	ref.Column = ref.Target
	if column := n.get("column").str(); column != "" {
		ref.Column = column
	}
	if !l.isExtract(table) {
		l.complain(n.get("references"), "rule %q: no extract is called %q%s", clip(n.get("rule").str()), clip(table), DidYouMean(table, l.extractNames()))
	}
	return ref
}

// readGate reads what share of rows, of the amount, or of both may be rejected. A gate without a limit would never shut, so it is
// a mistake.
func (l *loader) readGate(n *node) {
	if n == nil {
		return
	}
	of, rejected, amount, column := n.get("of"), n.get("rejected"), n.get("amount"), n.get("amount_column")
	if of.str() != "" && !l.isExtract(of.str()) {
		l.complain(of, "gate: no extract is called %q%s", clip(of.str()), DidYouMean(of.str(), l.extractNames()))
	}
	if rejected == nil && amount == nil {
		l.complain(n, "gate: want rejected, amount or both")
	}
	if column != nil && amount == nil {
		l.complain(column, "gate: amount_column goes with amount only")
	}
	for _, limit := range []*node{rejected, amount} {
		if share, err := decimal.NewFromString(l.share(limit)); err == nil && share.GreaterThan(decimal.NewFromInt(1)) {
			l.complain(limit, "gate: %s is more than 100%%", clip(limit.str()))
		}
	}
	l.def.Gate = Gate{Of: of.str(), Rejected: l.share(rejected), Amount: l.share(amount)}
	if amount != nil {
		l.def.Gate.AmountColumn = DefaultAmountColumn
		if s := column.str(); s != "" {
			l.def.Gate.AmountColumn = s
		}
	}
}

// share is exact: decimals are compared, and 0.5% as a float is not 0.005. It turns "0.5%" into the exact fraction "0.005"; "" stays "".
func (l *loader) share(n *node) string {
	digits, ok := strings.CutSuffix(n.str(), "%")
	if !ok {
		return ""
	}
	percent, err := decimal.NewFromString(digits)
	if err != nil {
		return "" // the schema's pattern has complained
	}
	return percent.Shift(-2).String()
}
