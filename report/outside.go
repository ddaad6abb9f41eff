package report

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Outside says where the rows of an extract come from that is no query: an answer over HTTP, or a file.
type Outside struct {
	URL     string // with @parameters in its path and query; "" for a file
	File    string // file:///… or s3://bucket/…, with @parameters; "" for HTTP
	Format  string // one of OutsideFormats
	Rows    string // of JSON: the pointer (RFC 6901) to the list of objects, "" for the answer as a whole
	Headers []Header
	Columns []OutsideColumn // in the order of the file
	Timeout time.Duration   // of one call, the reading of its answer included; 0 is 30 s
	Retries int             // calls after the first one, where that met passing trouble
	MaxMB   int64           // of the answer or file, unpacked; 0 is the operator's limit
	MaxRows int64           // 0 is the operator's limit
}

// The formats that rows come in from outside.
const (
	OutsideJSON    = "json"
	OutsideCSV     = "csv"
	OutsideParquet = "parquet"
)

// OutsideFormats are those formats, as report.yaml names them.
var OutsideFormats = [...]string{OutsideJSON, OutsideCSV, OutsideParquet}

// Header is one header of a call. Either its value stands in the definition or Env names the variable that holds it.
type Header struct {
	Name  string
	Value string
	Env   string // begins with SecretPrefix
}

// SecretPrefix begins the name of every variable that a definition may send to somebody else: no other variable of the worker
// can be had by writing a definition.
const SecretPrefix = "MONTHEND_SECRET_"

// OutsideColumn is one column as the definition declares it. Type is text, boolean, smallint, integer, bigint, numeric(p,s), date,
// timestamp, timestamptz or uuid: what stands for one value only. Amounts have digits, never a float.
type OutsideColumn struct {
	Name string
	Type string
}

// OutsideParameterNames are the parameters of a URL or of a file's name.
var OutsideParameterNames = [...]string{"period", "period_first", "period_last", "period_next", "period_start", "period_end", "tenant"}

// Address is the URL, or the file's own URL, with the values of the parameters put in. In a URL each is escaped for the place where
// it stands, so that no value can end its part of the path or add a parameter to the query.
func (o *Outside) Address(values map[string]string) (string, error) {
	text := o.URL + o.File
	query := strings.IndexByte(text, '?')
	var out strings.Builder
	from := 0
	for _, use := range outsideUses(text) {
		value := values[use.name]
		if value == "" {
			return "", fmt.Errorf("@%s has no value", use.name)
		}
		switch {
		case o.URL == "":
			// The value becomes a part of a name. None of ours has such characters; that is not left to chance.
			if strings.ContainsAny(value, "/\\\x00") || value == "." || value == ".." {
				return "", fmt.Errorf("@%s has a value that no file's name can have", use.name)
			}
		case query >= 0 && use.from > query:
			value = url.QueryEscape(value)
		default:
			value = url.PathEscape(value)
		}
		out.WriteString(text[from:use.from])
		out.WriteString(value)
		from = use.to
	}
	out.WriteString(text[from:])
	return out.String(), nil
}

// outsideUse is one @name in a URL or a file's name, from its '@' on.
type outsideUse struct {
	name     string
	from, to int // in bytes
}

func outsideUses(text string) (uses []outsideUse) {
	for i := 0; i < len(text); i++ {
		if text[i] == '@' {
			end := wordEnd(text, i+1)
			uses = append(uses, outsideUse{name: text[i+1 : end], from: i, to: end})
			i = end - 1
		}
	}
	return uses
}

// outsideMistake is what is wrong with the parameters of a URL or a file's name, "" where nothing is.
func outsideMistake(text string) string {
	for _, use := range outsideUses(text) {
		if slices.Contains(OutsideParameterNames[:], use.name) {
			continue
		}
		if near := Near(use.name, OutsideParameterNames[:]); near != "" {
			return fmt.Sprintf("@%s is not known; did you mean @%s?", clip(use.name), near)
		}
		return fmt.Sprintf("@%s is not known; want one of @%s, and %%40 for an @ itself", clip(use.name), strings.Join(OutsideParameterNames[:], ", @"))
	}
	return ""
}
