package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// meant ends the complaint about an unknown field: the field of the same mapping that it is near to, else the mapping that has
// such a field (an indentation too few or too many), else what is known here. at is the schema of the mapping.
func meant(field, at string) string {
	var root any
	if err := json.Unmarshal(Schema, &root); err != nil {
		return ""
	}
	known := fieldsOf(pointed(root, at))
	if near := DidYouMean(field, known); near != "" {
		return near
	}
	homes := map[string][]string{}
	collectHomes(homes, root, "")
	if at := homes[field]; len(at) > 0 {
		return "; it belongs in " + orList(at)
	}
	if near := Near(field, slices.Sorted(maps.Keys(homes))); near != "" {
		return fmt.Sprintf("; did you mean %q in %s?", near, orList(homes[near]))
	}
	if len(known) == 0 {
		return ""
	}
	return "; known are " + strings.Join(known, ", ")
}

// misspelt reports whether a missing field is there under a name that is near to it. at is the schema of the mapping.
func misspelt(missing string, mapping *node, at string) bool {
	var root any
	if err := json.Unmarshal(Schema, &root); err != nil {
		return false
	}
	known := fieldsOf(pointed(root, at))
	return slices.ContainsFunc(mapping.members, func(m member) bool {
		return !slices.Contains(known, m.name) && Near(m.name, known) == missing
	})
}

// hasNear reports whether a mapping has a field that is near to one of names, and none of them.
func (n *node) hasNear(names ...string) bool {
	return slices.ContainsFunc(n.members, func(m member) bool { return !slices.Contains(names, m.name) && Near(m.name, names) != "" })
}

// pointed follows the fragment of a URL, a JSON pointer.
func pointed(root any, at string) any {
	_, fragment, _ := strings.Cut(at, "#")
	v := root
	for _, step := range strings.Split(strings.TrimPrefix(fragment, "/"), "/") {
		if step == "" {
			continue
		}
		if decoded, err := url.PathUnescape(step); err == nil {
			step = strings.NewReplacer("~1", "/", "~0", "~").Replace(decoded)
		}
		object, _ := v.(map[string]any)
		v = object[step]
	}
	return v
}

// fieldsOf are the fields that a mapping may have, in order.
func fieldsOf(schema any) []string {
	object, _ := schema.(map[string]any)
	fields, _ := object["properties"].(map[string]any)
	return slices.Sorted(maps.Keys(fields))
}

// topLevel is the home of a field that stands in no other.
const topLevel = "the top level"

// collectHomes notes, for each field of the schema, the names of the mappings that have it.
func collectHomes(homes map[string][]string, schema any, under string) {
	object, _ := schema.(map[string]any)
	fields, _ := object["properties"].(map[string]any)
	for name, value := range fields {
		homes[name] = append(homes[name], cmp.Or(under, topLevel))
		collectHomes(homes, value, name)
	}
	definitions, _ := object["$defs"].(map[string]any)
	for name, value := range definitions {
		collectHomes(homes, value, "a "+name)
	}
}

// orList names alternatives, in order. What stands at the top level was most likely meant to stand there.
func orList(names []string) string {
	if slices.Contains(names, topLevel) {
		return topLevel
	}
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(names))), " or ")
}
