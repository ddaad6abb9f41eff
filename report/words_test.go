package report

import (
	"encoding/json"
	"testing"
)

// A pattern without words would tell an analyst that his name "is not ".
func TestEveryPatternHasWords(t *testing.T) {
	var root any
	if err := json.Unmarshal(Schema, &root); err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if p, ok := v["pattern"].(string); ok {
				found[p] = true
			}
			for _, value := range v {
				walk(value)
			}
		case []any:
			for _, value := range v {
				walk(value)
			}
		}
	}
	walk(root)
	for p := range found {
		if patternWords[p] == "" {
			t.Errorf("pattern %s has no words", p)
		}
	}
	for p := range patternWords {
		if !found[p] {
			t.Errorf("pattern %s is not in the schema", p)
		}
	}
}
