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
		"$schema", "title", "description", "type", "required", "additionalProperties", "patternProperties", "properties", "pattern",
		"minLength", "maxLength", "minItems", "minProperties", "maxProperties", "items", "enum", "const", "if", "then", "else", "$ref", "$defs",
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
