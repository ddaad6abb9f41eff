package filter

import (
	"maps"
	"slices"
	"strings"
)

var booleans = map[string]func(*Facts) bool{
	"ok":       func(f *Facts) bool { return !f.Error && !f.Throttle && !f.Fault },
	"error":    func(f *Facts) bool { return f.Error },
	"throttle": func(f *Facts) bool { return f.Throttle },
	"fault":    func(f *Facts) bool { return f.Fault },
	"partial":  func(f *Facts) bool { return f.Partial },
	"inferred": func(f *Facts) bool { return f.Inferred },
	"first":    func(f *Facts) bool { return f.First },
	"last":     func(f *Facts) bool { return f.Last },
	"remote":   func(f *Facts) bool { return f.Remote },
	"root":     func(f *Facts) bool { return f.Root },
}

// one is a value that may be missing.
func one[T comparable](v T) []any {
	var none T
	if v == none {
		return nil
	}
	return []any{v}
}

var numbers = map[string]func(*Facts) []any{
	"responsetime": func(f *Facts) []any { return []any{f.ResponseTime} },
	"duration":     func(f *Facts) []any { return []any{f.Duration} },
	"http.status":  func(f *Facts) []any { return one(float64(f.HTTPStatus)) },
}

var texts = map[string]func(scope) []any{
	"http.url":       func(s scope) []any { return one(s.facts.HTTPURL) },
	"http.method":    func(s scope) []any { return one(s.facts.HTTPMethod) },
	"http.useragent": func(s scope) []any { return one(s.facts.HTTPAgent) },
	"http.clientip":  func(s scope) []any { return one(s.facts.HTTPIP) },
	"user": func(s scope) []any {
		var users []any
		for _, u := range s.facts.Users {
			users = append(users, u)
		}
		return users
	},
	"name": func(s scope) []any { return one(s.name) },
	"type": func(s scope) []any { return one(s.typ) },
}

// foreign are keywords of X-Ray that are not in the subset, up to a dot.
var foreign = []string{
	"index", "coverage", "message", "availabilityzone", "instance", "resource", "group", "rootcause", "json", "aws", "cause",
}

// unknown is the error for a word that is not a keyword.
func unknown(t token) *Error {
	head, _, _ := strings.Cut(t.text, ".")
	if slices.Contains(foreign, head) {
		return t.outside("%q is not in the subset of X-Ray's filter language that is known here", t.text)
	}
	if upper := strings.ToUpper(t.text); upper != t.text && slices.Contains([]string{"AND", "OR", "CONTAINS", "BEGINSWITH", "ENDSWITH"}, upper) {
		return t.wrong("%q is written %s", t.text, upper)
	}
	best, least := "", 3
	for _, word := range known() {
		if d := distance(strings.ToLower(t.text), word); d < least {
			best, least = word, d
		}
	}
	if best != "" {
		return t.wrong("there is no keyword %.60q; there is %q", t.text, best)
	}
	return t.wrong("there is no keyword %.60q; an annotation is annotation.%.40s", t.text, head)
}

// known are all keywords in order.
func known() []string {
	words := []string{"annotation", "edge", "service"}
	words = slices.AppendSeq(words, maps.Keys(booleans))
	words = slices.AppendSeq(words, maps.Keys(numbers))
	words = slices.AppendSeq(words, maps.Keys(texts))
	slices.Sort(words)
	return words
}

// distance is how many letters have to be put in, left out or changed to come from a to b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
