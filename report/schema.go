package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Schema is the JSON schema of report.yaml, for editors: name it in a first line "# yaml-language-server: $schema=FILE".
//
//go:embed schema.json
var Schema []byte

// patternWords says in words what each pattern of the schema wants.
var patternWords = map[string]string{
	`^[a-z0-9][a-z0-9-]{0,47}$`:     "a name of 1 to 48 of a-z, 0-9 and -",
	`^[A-Z]{3}$`:                    "an ISO 4217 code such as EUR",
	`\.sql$`:                        "the path of a .sql file",
	`^[A-Za-z_][A-Za-z0-9_]{0,62}$`: "a column name of letters, digits and _",
	`^[0-9]{1,3}(\.[0-9]{1,6})?%$`:  "a percentage such as 2% or 0.5%",
	`^[a-z][a-z0-9_]{0,47}\([A-Za-z_][A-Za-z0-9_]{0,62}\)$`: "table(column)",
	`^[0-9]{1,30}(\.[0-9]{1,18})?$`:                         `a decimal in quotes such as "0.00"`,
	`^[1-9][0-9]{0,4}[smh]$`:                                "a time such as 90s, 10m or 2h",
	`^([01][0-9]|2[0-3]):[0-5][0-9]$`:                       `a time of the day such as "06:00"`,
	`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`:                          "a day such as 2026-12-24",
	`^MONTHEND_WEBHOOK_[A-Z0-9_]{1,64}$`:                    "the name of a variable that begins with MONTHEND_WEBHOOK_",
	`^[1-9][0-9]{0,3}[dh]$`:                                 "a number of days or hours such as 2d or 36h",
}

// tableWords is what the keys of extract and datasets want. They are checked as properties, not by propertyNames: the validator
// gives those mistakes the path of another value.
const tableWords = "a table name of 1 to 48 of a-z, 0-9 and _, beginning with a letter"

// typeWords says in words what the schema's types are in YAML.
var typeWords = map[string]string{
	"string": "text", "object": "a mapping", "array": "a list", "boolean": "true or false", "number": "a number", "null": "nothing",
	"integer": "a whole number",
}

// compileSchema compiles the embedded schema.
func compileSchema() (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		return nil, fmt.Errorf("read schema.json: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", doc); err != nil {
		return nil, fmt.Errorf("read schema.json: %w", err)
	}
	schema, err := compiler.Compile("schema.json")
	if err != nil {
		return nil, fmt.Errorf("compile schema.json: %w", err)
	}
	return schema, nil
}

// schemaProblems walks to the innermost causes: those are the mistakes, the rest only says where they were met.
func schemaProblems(file string, root *node, e *jsonschema.ValidationError) []Problem {
	if len(e.Causes) > 0 {
		var out []Problem
		for _, cause := range e.Causes {
			out = append(out, schemaProblems(file, root, cause)...)
		}
		return out
	}
	at, parent := find(root, e.InstanceLocation)
	problem := func(at place, format string, args ...any) Problem {
		return Problem{File: file, Line: at.line, Col: at.col, Message: fmt.Sprintf(format, args...)}
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		var out []Problem
		for _, name := range slices.Sorted(slices.Values(k.Missing)) {
			if misspelt(name, parent, e.SchemaURL) {
				continue // it is an unknown field, and told as such
			}
			out = append(out, problem(at, "%q is missing%s", name, inside(e.InstanceLocation)))
		}
		return out
	case *kind.AdditionalProperties:
		var out []Problem
		for _, m := range parent.members {
			if !slices.Contains(k.Properties, m.name) {
				continue
			}
			if slices.Contains([]string{"extract", "datasets"}, last(e.InstanceLocation)) {
				out = append(out, problem(m.at, "%q is not %s", clip(m.name), tableWords))
			} else {
				out = append(out, problem(m.at, "unknown field %q%s%s", clip(m.name), inside(e.InstanceLocation), meant(m.name, e.SchemaURL)))
			}
		}
		return out
	case *kind.Type:
		return []Problem{problem(at, "%s: want %s, got %s", last(e.InstanceLocation), either(k.Want), typeWords[k.Got])}
	case *kind.Enum:
		return []Problem{problem(at, "%s: want one of %s, got %s%s", last(e.InstanceLocation), list(k.Want), quoted(k.Got), meantOf(k.Got, k.Want))}
	case *kind.Const:
		return []Problem{problem(at, "want %q, got %s", k.Want, quoted(k.Got))}
	case *kind.Pattern:
		return []Problem{problem(at, "%s: %q is not %s", last(e.InstanceLocation), clip(k.Got), patternWords[k.Want])}
	case *kind.MinItems, *kind.MinProperties, *kind.MinLength:
		return []Problem{problem(at, "%s: empty", last(e.InstanceLocation))}
	case *kind.Minimum:
		return []Problem{problem(at, "%s: want %s or more, got %s", last(e.InstanceLocation), k.Want.RatString(), k.Got.RatString())}
	case *kind.Maximum:
		return []Problem{problem(at, "%s: want %s or less, got %s", last(e.InstanceLocation), k.Want.RatString(), k.Got.RatString())}
	case *kind.MaxLength:
		return []Problem{problem(at, "%s: %d characters, at most %d are allowed", last(e.InstanceLocation), k.Got, k.Want)}
	case *kind.MaxProperties:
		return []Problem{problem(at, "a block is one thing, here are %d", k.Got)}
	}
	return []Problem{problem(at, "%s: %s", last(e.InstanceLocation), e.ErrorKind.LocalizedString(message.NewPrinter(language.English)))}
}

// last is the innermost name of a path, for the beginning of a message.
func last(path []string) string {
	for _, step := range slices.Backward(path) {
		if _, err := strconv.Atoi(step); err != nil {
			return clip(step)
		}
	}
	return "the definition"
}

// inside says which field a mistake was made in, where it is not the file itself.
func inside(path []string) string {
	if len(path) == 0 {
		return ""
	}
	return " in " + last(path)
}

func either(kinds []string) string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = typeWords[k]
	}
	return strings.Join(words, " or ")
}

func list(values []any) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprint(v)
	}
	return strings.Join(words, ", ")
}

// quoted is a foreign value for a message.
func quoted(v any) string {
	if s, ok := v.(string); ok {
		return strconv.Quote(clip(s))
	}
	switch v.(type) {
	case bool:
		return typeWords["boolean"]
	case json.Number:
		return typeWords["number"]
	case []any:
		return typeWords["array"]
	case map[string]any:
		return typeWords["object"]
	}
	return typeWords["null"]
}

// meantOf is DidYouMean for one of several values.
func meantOf(got any, want []any) string {
	word, _ := got.(string)
	known := make([]string, len(want))
	for i, v := range want {
		known[i], _ = v.(string)
	}
	return DidYouMean(word, known)
}
