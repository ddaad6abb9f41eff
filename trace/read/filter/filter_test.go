package filter_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/monthend/monthend/trace/read/filter"
)

// month is a trace whose worker failed: asked over HTTP, sent on through a queue, and stopped by its database.
func month() filter.Trace {
	worker := filter.Facts{
		Fault: true, ResponseTime: 3.8, Duration: 3.8, Users: []string{"anna"},
		Annotations: map[string][]any{"report": {"monthly-financials"}, "attempt": {2.0}, "slow": {true}},
	}
	return filter.Trace{
		Facts: filter.Facts{
			Fault: true, Partial: true, ResponseTime: 0.05, Duration: 4.2, HTTPStatus: 202, HTTPURL: "https://reports.example/ask",
			HTTPMethod: "POST", HTTPAgent: "curl/8", HTTPIP: "10.0.0.7", Users: worker.Users, Annotations: worker.Annotations,
		},
		Services: []filter.Service{
			{Name: "asker", Facts: filter.Facts{Root: true, First: true}},
			{Name: "monthend", Type: "AWS::ECS::Container", Facts: worker},
			{Name: "ledger@db", Type: "Database::SQL", Facts: filter.Facts{Inferred: true, Last: true, Remote: true, Fault: true}},
		},
		Edges: []filter.Edge{
			{From: filter.Service{Name: "asker"}, To: filter.Service{Name: "monthend"}},
			{From: filter.Service{Name: "monthend"}, To: filter.Service{Name: "ledger@db", Type: "Database::SQL"}, Facts: filter.Facts{Fault: true, ResponseTime: 2}},
		},
	}
}

func TestMatch(t *testing.T) {
	for text, want := range map[string]bool{
		"":      true,
		" \t\n": true,
		`annotation.report = "monthly-financials" AND fault`: true,
		`annotation.report = "monthly-financials" fault`:     true,
		`annotation[report]="monthly-financials"`:            true,
		`annotation["report"] BEGINSWITH "monthly"`:          true,
		"annotation.report":                                  true,
		"annotation.tenant":                                  false,
		"!annotation.tenant":                                 true,
		`annotation.tenant != "x"`:                           false,
		`annotation.report != "other"`:                       true,
		"annotation.attempt > 1":                             true,
		`annotation.attempt = "2"`:                           false,
		"annotation.slow = true":                             true,
		"annotation.slow != true":                            false,
		"annotation.report > 1":                              false,
		"fault":                                              true,
		"!fault":                                             false,
		"fault = true":                                       true,
		"fault != false":                                     true,
		"fault = false":                                      false,
		"ok OR fault":                                        true,
		"ok":                                                 false,
		"error OR throttle":                                  false,
		"partial":                                            true,
		"ok OR fault AND error":                              false,
		"(ok OR fault) AND !error":                           true,
		"!(ok OR fault)":                                     false,
		"!!fault":                                            true,
		"duration >= 4.2 AND duration <5":                    true,
		"responsetime > .1":                                  false,
		"http.status = 202 http.method=\"POST\"":             true,
		"http.status != 500":                                 true,
		`http.url BEGINSWITH "https://" AND http.url ENDSWITH "/ask" AND http.url CONTAINS "example"`: true,
		`http.useragent = "curl/8" AND http.clientip = "10.0.0.7" AND user = "anna"`:                  true,
		`user = "a\"n\\na"`:                                          false,
		`service("monthend")`:                                        true,
		`service("nobody")`:                                          false,
		`!service("nobody")`:                                         true,
		"service()":                                                  true,
		"service() { inferred }":                                     true,
		`service("asker") { fault }`:                                 false,
		`service("asker") { root first }`:                            true,
		`service("ledger@db") { fault AND remote AND last }`:         true,
		`service(id(type: "Database::SQL")) { fault }`:               true,
		`service(id(name: "monthend", type: "AWS::ECS::Container"))`: true,
		`service(id(account.id: "1"))`:                               false,
		`service("monthend") { responsetime > 3 AND annotation.attempt = 2 }`:   true,
		`service() { name = "asker" AND type = "x" }`:                           false,
		`service() { edge("asker", "monthend") AND name = "monthend" }`:         true,
		`service() { name CONTAINS "@" AND type = "Database::SQL" }`:            true,
		`edge("asker", "monthend")`:                                             true,
		`edge("monthend", "asker")`:                                             false,
		`edge("monthend", id(type: "Database::SQL")) { fault responsetime >1 }`: true,
		`edge("asker", "monthend") { fault }`:                                   false,
		"edge() { fault }":                                                      true,
		`service("monthend") { edge("monthend", "ledger@db") { fault } }`:       true,
	} {
		e, err := filter.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := e.Match(month()); got != want {
			t.Errorf("%s: got %v", text, got)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, row := range []struct {
		text, want string
		length     int
	}{
		{`annotation.report = "x" AND faullt`, `character 29: there is no keyword "faullt"; there is "fault"`, 6},
		{"report = 1", `character 1: there is no keyword "report"; an annotation is annotation.report`, 6},
		{"fault and error", `character 7: "and" is written AND`, 3},
		{"fault AND", "character 10: the end: want a condition", 1},
		{"AND fault", `character 1: "AND": want a condition`, 3},
		{"(fault", `character 7: the end: want ")"`, 1},
		{"fault)", `character 6: ")" closes nothing`, 1},
		{`fault "x"`, "character 7: a text: want AND, OR or the end", 3},
		{`user = 'x'`, `character 8: a text stands in " quotes`, 1},
		{`user = "x`, "character 8: the quote is not closed", 2},
		{"duration", `character 9: the end: want an operator after "duration"`, 1},
		{`duration > "5"`, "character 12: a text: want a number", 3},
		{"duration CONTAINS 5", `character 10: "CONTAINS" does not compare with a number`, 8},
		{"duration > 5s", `character 12: "5s" is not a number`, 2},
		{"duration > 1e5", `character 12: "1e5" is not a number`, 3},
		{"fault > true", `character 7: ">" does not compare true with false`, 1},
		{"fault = 1", "character 9: a number: want true or false", 1},
		{`user < "x"`, `character 6: "<" does not compare with a text`, 1},
		{"annotation. = 1", "character 1: the key is missing: annotation.report", 11},
		{"annotation[a-b] = 1", `character 13: "-b" is not a number`, 2},
		{"annotation.a =", "character 15: the end: want a text in quotes, a number, true or false", 1},
		{"service(monthend)", `character 9: "monthend": want a name in quotes or id(name: "…", type: "…")`, 8},
		{`edge("a")`, `character 9: ")": want ","`, 1},
		{`service(id(kind: "x"))`, `character 12: "kind": want name, type or account.id`, 4},
		{`service("a") { }`, `character 16: "}": want a condition`, 1},
		{"fault & error", "character 7: '&' has no meaning here", 1},
		{strings.Repeat("!", 40) + "fault", "character 32: nested deeper than 32", 1},
		{strings.Repeat("f", 2001), "character 2001: the expression has 2001 characters, more than 2000", 1},
	} {
		_, err := filter.Parse(row.text)
		var wrong *filter.Error
		if !errors.As(err, &wrong) || err.Error() != "filter expression: "+row.want || wrong.Length != row.length || wrong.Unsupported {
			t.Errorf("%.60s: got %v (%+v), want %s", row.text, err, wrong, row.want)
		}
	}
}

func TestOutsideTheSubset(t *testing.T) {
	for _, text := range []string{"rootcause.fault.service", "group.name = \"x\"", "index = 1", "coverage > 0.5", `resource.arn = "x"`,
		`name = "monthend"`, `type = "remote" OR fault`, `edge("a", "b") { name = "a" }`, `service("a") { edge("a", "b") { type = "x" } }`, `service("a") { ok } AND name = "a"`} {
		var wrong *filter.Error
		if _, err := filter.Parse(text); !errors.As(err, &wrong) || !wrong.Unsupported {
			t.Errorf("%s: got %v, want it said to be unsupported", text, err)
		}
	}
}

// FuzzParse: nothing makes the parser panic, and every mistake has a place in or right behind the text.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		`annotation.report = "monthly-financials" AND fault`, `service("a"){edge("b",id(name:"c")){!ok}}`, `(duration>=.5 OR annotation["x"]<-1)`,
		`user = "a\"\\b`, "fault &", "((((", "žluť = 1", `annotation[`, "- . =",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := filter.Parse(text)
		if err == nil {
			e.Match(month())
			e.Match(filter.Trace{})
			return
		}
		var wrong *filter.Error
		if !errors.As(err, &wrong) || wrong.At < 0 || wrong.At > len([]rune(text)) || wrong.Length < 1 || wrong.Message == "" {
			t.Errorf("%q: %v (%+v)", text, err, wrong)
		}
	})
}
