//go:build cgo

package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// statement is a parsed SELECT: DuckDB's own syntax tree as JSON, with numbers kept as they are written.
type statement struct {
	tree map[string]any // {"error":false,"statements":[{"node":…}]}
	node map[string]any // the outermost SELECT_NODE or SET_OPERATION_NODE
}

// syntaxError is a mistake at a byte offset of the text, -1 when unknown.
type syntaxError struct {
	text   string
	offset int
}

func (e *syntaxError) Error() string { return e.text }

// CheckSelect proves that sql is one SELECT that reads tables of the workspace only and gives the same answer each time:
// no other statement, no file, no table function but range, generate_series and unnest, no clock, no chance, no parameter.
// Nothing is run, and the tables need not exist yet. The error begins with "path:line:col: " where the place is known.
func (w *Workspace) CheckSelect(ctx context.Context, path, sql string) (err error) {
	defer w.note(&err)
	_, err = w.parse(ctx, path, sql)
	return err
}

// parse reads a text that may read the tables of the workspace, and those of the schemas named.
func (w *Workspace) parse(ctx context.Context, path, sql string, schemas ...string) (*statement, error) {
	s, err := w.parseTree(ctx, sql)
	if err == nil {
		err = inspect(s.node, schemas...)
	}
	if err != nil {
		return nil, locate(path, sql, err)
	}
	return s, nil
}

func (w *Workspace) parseTree(ctx context.Context, sql string) (*statement, error) {
	var raw string
	row := w.conn.QueryRowContext(ctx, "SELECT CAST(json_serialize_sql(CAST(? AS VARCHAR)) AS VARCHAR)", sql)
	if err := row.Scan(&raw); err != nil {
		return nil, redact(ctx, err)
	}
	s := &statement{}
	decoder := json.NewDecoder(strings.NewReader(raw))
	decoder.UseNumber() // query locations and constants pass float64's exact range
	if err := decoder.Decode(&s.tree); err != nil {
		return nil, fmt.Errorf("read the syntax tree: %w", err)
	}
	if failed, _ := s.tree["error"].(bool); failed {
		return nil, parseFailure(s.tree)
	}
	list, _ := s.tree["statements"].([]any)
	switch len(list) {
	case 0:
		return nil, errors.New("there is no statement")
	case 1:
	default:
		return nil, fmt.Errorf("there are %d statements; one SELECT is wanted", len(list))
	}
	first, _ := list[0].(map[string]any)
	if s.node, _ = first["node"].(map[string]any); s.node == nil {
		return nil, errors.New("the syntax tree has no SELECT")
	}
	return s, nil
}

func parseFailure(tree map[string]any) error {
	if tree["error_type"] == "not implemented" {
		return errors.New("only one SELECT is allowed here")
	}
	message, _ := tree["error_message"].(string)
	position, _ := tree["position"].(string)
	offset, err := strconv.Atoi(position)
	if err != nil {
		offset = -1
	}
	return &syntaxError{text: message, offset: offset}
}

// text is the statement written out again, without comments and without a semicolon.
func (w *Workspace) text(ctx context.Context, s *statement) (string, error) {
	raw, err := json.Marshal(s.tree)
	if err != nil {
		return "", fmt.Errorf("write the syntax tree: %w", err)
	}
	var sql string
	row := w.conn.QueryRowContext(ctx, "SELECT json_deserialize_sql(CAST(? AS JSON))", string(raw))
	if err := row.Scan(&sql); err != nil {
		return "", redact(ctx, err)
	}
	return sql, nil
}

// orders are the terms of the outermost ORDER BY.
func (s *statement) orders() (modifier map[string]any, terms []any) {
	modifiers, _ := s.node["modifiers"].([]any)
	for _, m := range modifiers {
		if modifier, _ := m.(map[string]any); modifier["type"] == "ORDER_MODIFIER" {
			terms, _ := modifier["orders"].([]any)
			return modifier, terms
		}
	}
	return nil, nil
}

// orderByAll appends every column to the ORDER BY, as a number, so that rows that tie in the definition's own terms have one
// order too; a LIMIT then cuts at the same row each time.
func (s *statement) orderByAll(columns int) {
	modifier, terms := s.orders()
	for i := range columns {
		terms = append(terms, map[string]any{
			"type": "ORDER_DEFAULT", "null_order": "ORDER_DEFAULT",
			"expression": map[string]any{
				"class": "CONSTANT", "type": "VALUE_CONSTANT", "alias": "", "query_location": 0,
				"value": map[string]any{"type": map[string]any{"id": "INTEGER", "type_info": nil}, "is_null": false, "value": i + 1},
			},
		})
	}
	modifier["orders"] = terms
}

// locate puts path, and line and column where known, before a mistake.
func locate(path, sql string, err error) error {
	var mistake *syntaxError
	if path == "" {
		return err
	}
	if !errors.As(err, &mistake) || mistake.offset < 0 || mistake.offset > len(sql) {
		return fmt.Errorf("%s: %w", path, err)
	}
	before := sql[:mistake.offset]
	line := strings.Count(before, "\n") + 1
	col := len([]rune(before[strings.LastIndexByte(before, '\n')+1:])) + 1
	return fmt.Errorf("%s:%d:%d: %w", path, line, col, err)
}
