//go:build cgo

package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/monthend/monthend/report"
)

// Plan is what the engine does for a rule or a dataset: its SQL as it is run, and how. It holds no value of a row.
type Plan struct {
	SQL   string   // "" for a rule that runs none
	Steps []string // a line each, indented by two blanks below the step that takes its rows
}

// ExplainRule tells how a rule is run, after Validate.
func (w *Workspace) ExplainRule(ctx context.Context, r report.Rule) (p Plan, err error) {
	defer w.note(&err)
	var sql string
	switch {
	case r.Assert != "":
		var s *statement
		if s, err = w.parse(ctx, r.AssertPath, r.Assert); err == nil {
			sql, err = w.text(ctx, s)
		}
	case r.Freshness != nil:
		sql = fmt.Sprintf("SELECT max(%s) FROM %s", name(r.Freshness.Column), w.source(r.On))
	case r.RowCount != nil:
		return Plan{}, nil // it compares numbers that are known
	default:
		sql, err = w.scanOf(ctx, r)
	}
	if err == nil {
		p, err = w.plan(ctx, sql)
	}
	if err != nil {
		return Plan{}, fmt.Errorf("explain rule %q: %w", r.Name, err)
	}
	return p, nil
}

// ExplainDataset tells how a dataset is computed, after Dataset.
func (w *Workspace) ExplainDataset(ctx context.Context, q report.DatasetQuery) (p Plan, err error) {
	defer w.note(&err)
	sql, _, err := w.compile(ctx, q)
	if err == nil {
		p, err = w.plan(ctx, sql)
	}
	if err != nil {
		return Plan{}, fmt.Errorf("explain dataset %q: %w", q.Name, err)
	}
	return p, nil
}

// step is one step of DuckDB's plan.
type step struct {
	Name     string         `json:"name"`
	Children []step         `json:"children"`
	Extra    map[string]any `json:"extra_info"`
}

func (w *Workspace) plan(ctx context.Context, sql string) (Plan, error) {
	p := Plan{SQL: strings.TrimSpace(sql)}
	var kind, text string
	if err := w.conn.QueryRowContext(ctx, "EXPLAIN (FORMAT JSON) "+sql).Scan(&kind, &text); err != nil {
		return p, redact(ctx, err)
	}
	var roots []step
	if err := json.Unmarshal([]byte(text), &roots); err != nil {
		return p, fmt.Errorf("read the plan: %w", err)
	}
	for _, root := range roots {
		p.add(root, 0)
	}
	return p, nil
}

// silentNotes say nothing to a reader of a plan.
var silentNotes = []string{"Estimated Cardinality", "Type"}

// add writes a step and what feeds it.
func (p *Plan) add(s step, depth int) {
	// How values are packed between two steps is nothing to a reader.
	if strings.Contains(noteText(s.Extra["Projections"]), "__internal_") && len(s.Children) == 1 {
		p.add(s.Children[0], depth)
		return
	}
	line := strings.Repeat("  ", depth) + strings.TrimSpace(s.Name)
	var notes []string
	for key := range s.Extra {
		if !slices.Contains(silentNotes, key) {
			notes = append(notes, key)
		}
	}
	slices.Sort(notes)
	for i, key := range notes {
		said := strings.Join(strings.Fields(strings.ReplaceAll(p.withheld(decodedNote(noteText(s.Extra[key]))), runCatalogue+".main.", "")), " ")
		notes[i] = strings.ToLower(key) + " " + said
		if said == "" {
			notes[i] = ""
		}
	}
	notes = slices.DeleteFunc(notes, func(n string) bool { return n == "" })
	if len(notes) > 0 {
		line += "  " + strings.Join(notes, "; ")
	}
	if rows, ok := s.Extra["Estimated Cardinality"].(string); ok {
		line += "  ~" + rows + " rows"
	}
	p.Steps = append(p.Steps, line)
	for _, child := range s.Children {
		p.add(child, depth+1)
	}
}

// literal is a text, a number, or a column's place in the step below.
var literal = regexp.MustCompile(`'(?:[^']|'')*'|#?\b[0-9]+(?:\.[0-9]+)?\b`)

// withheld drops the constants that do not stand in the query: the engine narrows its scans by the least and greatest values of
// columns, and those are values of rows.
func (p *Plan) withheld(note string) string {
	return literal.ReplaceAllStringFunc(note, func(s string) string {
		if strings.HasPrefix(s, "#") || strings.Contains(p.SQL, s) || strings.Contains(p.SQL, strings.TrimSuffix(strings.TrimRight(s, "0"), ".")) {
			return s
		}
		return "…"
	})
}

var (
	decoding = regexp.MustCompile(`array_extract\(\[(?:'(?:[^']|'')*'(?:, )?)*\], CAST\((.+?) AS BIGINT\)\)`)
	stored   = regexp.MustCompile(regexp.QuoteMeta(runCatalogue+`."`+ruleSchema+`".`) + `"(.+?) stored"`)
)

// decodedNote names coded columns and their table as a definition does.
func decodedNote(note string) string {
	return stored.ReplaceAllString(decoding.ReplaceAllString(note, "$1"), "${1}"+extractedSuffix)
}

// noteText is a note of a plan: a text, or a list of texts.
func noteText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []any:
		words := make([]string, len(v))
		for i, item := range v {
			words[i] = fmt.Sprint(item)
		}
		return strings.Join(words, ", ")
	}
	return ""
}
