package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/monthend/monthend/console/problem"
)

// readBody reads the one JSON object of a request into fields, by name: *string, *bool or *int each. Names are compared
// exactly, none may be unknown or come twice, and an empty text or null is refused: it comes from a template that was not
// filled in. A request without a body has no fields, where none is needed.
func readBody(r *http.Request, needed bool, fields map[string]any) error {
	text, err := io.ReadAll(r.Body)
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return err
	}
	if err != nil {
		return problem.New(problem.Malformed, "the body did not come whole")
	}
	if len(text) == 0 && !needed {
		return nil
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if charset := params["charset"]; err != nil || kind != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return problem.New(problem.MediaType, "want Content-Type: application/json")
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return problem.New(problem.MediaType, "a body is taken as it is, without a Content-Encoding")
	}
	if !utf8.Valid(text) {
		return problem.New(problem.Malformed, "the body is not UTF-8")
	}
	values, err := members(text)
	if err != nil {
		return err
	}
	for _, m := range values {
		to, known := fields[m.name]
		if !known {
			return problem.Wrong(clip(m.name), "there is no such field")
		}
		if err := set(to, m); err != nil {
			return err
		}
	}
	return nil
}

type member struct {
	name string
	raw  json.RawMessage
}

// members takes the object apart.
func members(text []byte) ([]member, error) {
	malformed := problem.New(problem.Malformed, "the body is not one JSON object")
	if !json.Valid(text) { // also bounds how deep it goes
		return nil, malformed
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return nil, malformed
	}
	var all []member
	seen := map[string]bool{}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, malformed
		}
		m := member{name: key.(string)} // a key is nothing else
		if seen[m.name] {
			return nil, &problem.Problem{Kind: problem.Malformed, Field: clip(m.name), Detail: "the field comes twice"}
		}
		seen[m.name] = true
		if err := decoder.Decode(&m.raw); err != nil {
			return nil, malformed
		}
		all = append(all, m)
	}
	return all, nil
}

func set(to any, m member) error {
	switch to := to.(type) {
	case *string:
		if m.raw[0] != '"' || json.Unmarshal(m.raw, to) != nil {
			return problem.Wrong(m.name, "want a text")
		}
		if *to == "" {
			return problem.Wrong(m.name, "empty; leave it out")
		}
	case *bool:
		if m.raw[0] == 'n' || json.Unmarshal(m.raw, to) != nil {
			return problem.Wrong(m.name, "want true or false")
		}
	case *int:
		n, err := strconv.ParseInt(string(m.raw), 10, 32)
		if err != nil {
			return problem.Wrong(m.name, "want a whole number")
		}
		*to = int(n)
	}
	return nil
}

// clip bounds a foreign text that is told back.
func clip(s string) string {
	const most = 64 // bytes
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// visible reports whether s is 1 to most visible ASCII characters: an id or a key that PostgreSQL, a log and a header take.
func visible(s string, most int) bool {
	if s == "" || len(s) > most {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
