package report

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// extractFields are the schema's: another one is told as misspelt.
var extractFields = []string{"sql", "key", "url", "file", "format", "rows", "timeout", "retries", "headers", "columns", "max_mb", "max_rows"}

// readOutside reads an extract that is no query. It gives nil for one that is.
func (l *loader) readOutside(m member) *Outside {
	n := m.value
	given, misspelt := 0, false
	for _, field := range n.members {
		given += map[string]int{"sql": 1, "url": 1, "file": 1}[field.name]
		misspelt = misspelt || !slices.Contains(extractFields, field.name)
	}
	switch {
	case n.kind != mapNode:
		return nil
	case given != 1:
		if !misspelt || given > 1 {
			l.complain(&node{at: m.at}, "extract %q: want one of sql, url and file", clip(m.name))
		}
		return nil
	}
	if n.get("sql") != nil {
		for _, field := range n.members {
			if field.name != "sql" && field.name != "key" {
				l.complain(&node{at: field.at}, "%s: only where there is a url or a file; a query says itself what its columns are", clip(field.name))
			}
		}
		return nil
	}
	o := &Outside{URL: n.get("url").str(), File: n.get("file").str(), Format: n.get("format").str(), Rows: n.get("rows").str(),
		Retries: int(n.get("retries").whole()), MaxMB: n.get("max_mb").whole(), MaxRows: n.get("max_rows").whole()}
	o.Timeout, _ = time.ParseDuration(n.get("timeout").str())
	l.checkURL(n.get("url"))
	l.checkFile(n.get("file"))
	if o.Format == "" && o.File != "" {
		o.Format = strings.ToLower(strings.TrimPrefix(path.Ext(o.File), "."))
	}
	if !slices.Contains(OutsideFormats[:], o.Format) && n.get("format").str() == "" {
		l.complain(&node{at: m.at}, "extract %q: want its format: one of %s", clip(m.name), strings.Join(OutsideFormats[:], ", "))
	}
	l.checkOutsideFields(n, o)
	o.Headers = l.readHeaders(n.get("headers"))
	o.Columns = l.readColumns(m)
	for _, key := range n.get("key").list() {
		if len(o.Columns) > 0 && !slices.ContainsFunc(o.Columns, func(c OutsideColumn) bool { return c.Name == key.str() }) && key.str() != "" {
			l.complain(key, "key: %q is not one of the columns", clip(key.str()))
		}
	}
	return o
}

// longestTimeout bounds one call; a run that waits longer for somebody else holds its lease for nothing.
const longestTimeout = 10 * time.Minute

// checkOutsideFields refuses fields that would do nothing.
func (l *loader) checkOutsideFields(n *node, o *Outside) {
	if o.File != "" {
		for _, field := range []string{"timeout", "retries", "headers"} {
			if at := n.get(field); at != nil {
				l.complain(at, "%s: only where there is a url", field)
			}
		}
	}
	if rows := n.get("rows"); rows != nil {
		switch {
		case o.Format != OutsideJSON:
			l.complain(rows, "rows: only where the format is json")
		case o.Rows != "" && !pointerPattern.MatchString(o.Rows):
			l.complain(rows, "rows: %q is not a JSON pointer such as /data/rates", clip(o.Rows))
		}
	}
	if o.Timeout > longestTimeout {
		l.complain(n.get("timeout"), "timeout: want 10m or less")
	}
}

var pointerPattern = regexp.MustCompile(`^(/([^~/]|~[01])*)*$`)

// checkURL looks at a URL as it will be called: parameters stand behind the host, which a definition names and a job does not.
func (l *loader) checkURL(n *node) {
	text := n.str()
	if text == "" {
		return
	}
	rest, secure := strings.CutPrefix(text, "https://")
	plain := false
	if !secure {
		rest, plain = strings.CutPrefix(text, "http://")
	}
	if !secure && !plain {
		l.complain(n, "url: want https://host/path, or http:// where the operator allows it")
		return
	}
	host := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		host = rest[:end]
	}
	switch mistake := outsideMistake(text); {
	case strings.Contains(host, "@"):
		l.complain(n, "url: the host stands as it is, without a parameter, a user or a password; a secret is a header, as in Authorization: env:%sNAME", SecretPrefix)
	case strings.Contains(rest, "#"):
		l.complain(n, "url: a fragment (#…) is never sent")
	case mistake != "":
		l.complain(n, "url: %s", mistake)
	default:
		if _, err := (&Outside{URL: text}).example(); err != nil || host == "" {
			l.complain(n, "url: it is not a URL; want https://host/path?name=value, with what is special escaped as %%20")
		}
	}
}

// example is the URL with some values, to see whether it is one.
func (o *Outside) example() (*url.URL, error) {
	values := map[string]string{}
	for _, name := range OutsideParameterNames {
		values[name] = "1"
	}
	text, err := o.Address(values)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(text)
	if err == nil && u.Hostname() == "" {
		err = fmt.Errorf("it names no host")
	}
	if err == nil {
		_, err = url.ParseQuery(u.RawQuery)
	}
	return u, err
}

// checkFile wants a whole name: what is relative would depend on where the worker stands.
func (l *loader) checkFile(n *node) {
	text := n.str()
	if text == "" {
		return
	}
	name, local := strings.CutPrefix(text, "file:///")
	if !local {
		var s3 bool
		if name, s3 = strings.CutPrefix(text, "s3://"); !s3 {
			l.complain(n, "file: want file:///folder/name or s3://bucket/name")
			return
		}
		bucket, key, _ := strings.Cut(name, "/")
		if bucket == "" || strings.Contains(bucket, "@") || key == "" {
			l.complain(n, "file: want s3://bucket/name, the bucket without a parameter")
			return
		}
	}
	for _, part := range strings.Split(name, "/") {
		if part == "" || part == "." || part == ".." || strings.ContainsAny(part, "\\\x00") {
			l.complain(n, "file: the name has a part that is empty, . or .., or a backslash in it")
			return
		}
	}
	if m := outsideMistake(text); m != "" {
		l.complain(n, "file: %s", m)
	}
}

var (
	headerName  = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$")
	headerValue = regexp.MustCompile(`^[\x20-\x7e]{0,1000}$`)
	secretName  = regexp.MustCompile(`^` + SecretPrefix + `[A-Z0-9_]{1,100}$`)
)

// ownHeaders are set by the call itself; secretHeaders never stand in a definition, which many people read.
var (
	ownHeaders = []string{"host", "content-length", "content-type", "transfer-encoding", "connection", "te", "trailer", "upgrade", "expect", "range",
		"accept-encoding", "x-amzn-trace-id", "proxy-authorization", "proxy-connection", "keep-alive"}
	secretHeaders = []string{"authorization", "cookie", "x-api-key", "api-key"}
)

func (l *loader) readHeaders(n *node) (headers []Header) {
	if n == nil {
		return nil
	}
	seen := map[string]bool{}
	for _, m := range n.members {
		lower, text := strings.ToLower(m.name), m.value.str()
		h := Header{Name: m.name, Value: text}
		env, secret := strings.CutPrefix(text, "env:")
		if secret {
			h.Value, h.Env = "", env
		}
		switch at := (&node{at: m.at}); {
		case !headerName.MatchString(m.name):
			l.complain(at, "headers: %q is not the name of a header", clip(m.name))
		case seen[lower]:
			l.complain(at, "headers: %q is given twice", clip(m.name))
		case slices.Contains(ownHeaders, lower):
			l.complain(at, "headers: %s is set by the call itself", clip(m.name))
		case secret && !secretName.MatchString(env):
			l.complain(m.value, "headers: want env:%sNAME; no other variable can be sent", SecretPrefix)
		case !secret && slices.Contains(secretHeaders, lower):
			l.complain(m.value, "headers: a secret does not stand in a definition; want %s: env:%sNAME", clip(m.name), SecretPrefix)
		case !headerValue.MatchString(text):
			l.complain(m.value, "headers: the value of %s has characters that no header has", clip(m.name))
		}
		seen[lower] = true
		headers = append(headers, h)
	}
	return headers
}

var (
	columnName  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)
	columnTypes = []string{"text", "boolean", "smallint", "integer", "bigint", "date", "timestamp", "timestamptz", "uuid"}
	digitsType  = regexp.MustCompile(`^numeric\(([0-9]{1,2}), ?([0-9]{1,2})\)$`)
)

// readColumns reads the names and types that somebody else's rows must have: nothing is guessed from them.
func (l *loader) readColumns(m member) (columns []OutsideColumn) {
	n := m.value.get("columns")
	if n == nil {
		l.complain(&node{at: m.at}, `extract %q: want its columns, as in columns: {id: bigint, rate: "numeric(18,6)"}`, clip(m.name))
		return nil
	}
	seen := map[string]bool{}
	for i, c := range n.members {
		at, text := &node{at: c.at}, c.value.str()
		// {rate: numeric(18,6)} is cut at its comma by YAML, which leaves "numeric(18" and a column called "6)".
		cut := i > 0 && strings.HasPrefix(n.members[i-1].value.str(), "numeric(") && !strings.HasSuffix(n.members[i-1].value.str(), ")")
		switch lower := strings.ToLower(c.name); {
		case cut && c.value.kind == nullNode:
			continue // told at the column before
		case !columnName.MatchString(c.name):
			l.complain(at, "columns: %q is not a column name of letters, digits and _", clip(c.name))
		case seen[lower]:
			l.complain(at, "columns: %q is given twice; case does not tell columns apart", clip(c.name))
		case lower == "rowid":
			l.complain(at, "columns: the engine keeps %q for itself", clip(c.name))
		}
		seen[strings.ToLower(c.name)] = true
		if mistake := typeMistake(text); mistake != "" {
			l.complain(c.value, "column %q: %s", clip(c.name), mistake)
		}
		columns = append(columns, OutsideColumn{Name: c.name, Type: strings.ReplaceAll(text, " ", "")})
	}
	return columns
}

// typeMistake says what is wrong with a column's type, "" where nothing is.
func typeMistake(text string) string {
	if slices.Contains(columnTypes, text) {
		return ""
	}
	if m := digitsType.FindStringSubmatch(text); m != nil {
		precision, _ := strconv.Atoi(m[1])
		scale, _ := strconv.Atoi(m[2])
		if precision < 1 || precision > 38 || scale > precision {
			return fmt.Sprintf("%s is outside 1 to 38 digits", text)
		}
		return ""
	}
	switch lower := strings.ToLower(text); {
	case strings.HasPrefix(lower, "numeric(") && !strings.Contains(lower, ")"):
		return `YAML ends a value at the comma inside { }; put the type in quotes, as in "numeric(18,6)"`
	case strings.HasPrefix(lower, "numeric"), strings.HasPrefix(lower, "decimal"):
		return "want its digits, as in numeric(18,6)"
	case slices.Contains([]string{"real", "float", "float4", "float8", "double", "double precision"}, lower):
		return "a float is not exact; want numeric(p,s), as in numeric(18,6)"
	}
	known := append([]string{"numeric(p,s)"}, columnTypes...)
	return fmt.Sprintf("type %q is not one of %s%s", clip(text), strings.Join(known, ", "), DidYouMean(text, known))
}
