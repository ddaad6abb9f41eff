package report_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/monthend/monthend/report"
)

func TestSchemaCompiles(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(report.Schema))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	if _, err := compiler.Compile("schema.json"); err != nil {
		t.Fatal(err)
	}
}

// The validator takes an unknown keyword in silence, so a misspelt "required" would check nothing.
func TestSchemaHasOnlyKnownKeywords(t *testing.T) {
	known := map[string]bool{}
	for _, word := range []string{
		"$schema", "title", "description", "examples", "default", "type", "required", "additionalProperties", "patternProperties", "properties", "pattern",
		"minLength", "maxLength", "minItems", "minProperties", "maxProperties", "minimum", "maximum", "items", "enum", "const", "if", "then", "else", "$ref", "$defs",
	} {
		known[word] = true
	}
	var root any
	if err := json.Unmarshal(report.Schema, &root); err != nil {
		t.Fatal(err)
	}
	var walk func(path string, v any, names bool)
	walk = func(path string, v any, names bool) {
		object, ok := v.(map[string]any)
		if !ok {
			return
		}
		for key, value := range object {
			if !names && !known[key] {
				t.Errorf("%s: keyword %q is not known", path, key)
			}
			walk(path+"/"+key, value, !names && (key == "properties" || key == "patternProperties" || key == "$defs"))
		}
	}
	walk("", root, false)
}

// An editor shows the description of the field that is being written; a field without one teaches nobody.
func TestEveryFieldHasADescription(t *testing.T) {
	var root any
	if err := json.Unmarshal(report.Schema, &root); err != nil {
		t.Fatal(err)
	}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, word := range []string{"properties", "patternProperties"} {
				fields, _ := v[word].(map[string]any)
				for name, field := range fields {
					if text, _ := field.(map[string]any)["description"].(string); text == "" {
						t.Errorf("%s: field %q has no description", path, name)
					}
				}
			}
			for key, value := range v {
				walk(path+"/"+key, value)
			}
		case []any:
			for _, value := range v {
				walk(path, value)
			}
		}
	}
	walk("", root)
}
