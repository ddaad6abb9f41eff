package source_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/monthend/monthend/pipeline/column"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/pipeline/source/remote"
	"github.com/monthend/monthend/report"
)

// rates is an extract from outside with two columns.
func rates(format, rows string) report.Extract {
	return report.Extract{Name: "rates", Outside: &report.Outside{File: "file:///x", Format: format, Rows: rows, Columns: []report.OutsideColumn{
		{Name: "currency", Type: "text"}, {Name: "rate", Type: "numeric(18,6)"},
	}}}
}

// fromFile fetches an extract whose rows are data, from a file in an allowed folder.
func fromFile(t testing.TB, q report.Extract, data string) (*source.Given, error) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "rows")
	if err := os.WriteFile(file, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	outside, err := source.OpenOutside(remote.Config{Folders: []remote.Folder{{Path: dir}}, MaxRows: 1000})
	if err != nil {
		t.Fatal(err)
	}
	q.Outside.File = "file://" + file
	got, err := outside.Fetch(t.Context(), q, source.Params{}, filepath.Join(dir, "fetched"))
	if err != nil {
		t.Fatal(err)
	}
	return got.Rows()
}

// texts reads all rows as text, NULL being nil.
func texts(r column.Reader) (rows [][]any, err error) {
	var b column.Batch
	for {
		if err := r.Next(&b); err != nil {
			if errors.Is(err, io.EOF) {
				return rows, nil
			}
			return rows, err
		}
		for i := range b.Len() {
			row := make([]any, len(b.Vectors))
			for c := range b.Vectors {
				switch v := &b.Vectors[c]; {
				case !v.IsValid(i):
				case v.Type.Kind == column.Text:
					row[c] = string(v.Value(i))
				case v.Type.Kind == column.Decimal:
					row[c] = v.Int128s[i].Big().String()
				}
			}
			rows = append(rows, row)
		}
	}
}

func readAll(t testing.TB, q report.Extract, data string) (string, error) {
	t.Helper()
	given, err := fromFile(t, q, data)
	if err != nil {
		return "", err
	}
	defer given.Close()
	rows, err := texts(given)
	return fmt.Sprint(rows), err
}

func TestJSONRows(t *testing.T) {
	for _, c := range []struct{ name, at, data, want string }{
		{"Top", "", `[{"currency":"EUR","rate":25.31},{"rate":"23.5","currency":"USD","extra":{"a":[1,{"b":null}]}}]`, "[[EUR 25310000] [USD 23500000]]"},
		{"Empty", "", " [ ] \n", "[]"},
		{"Pointer", "/data/rates", `{"meta":{"rates":[1]},"data":{"n":1,"rates":[{"currency":"EUR","rate":1}],"after":[true]},"x":"]"}`, "[[EUR 1000000]]"},
		{"Item", "/1/r", `[{"r":[]},{"r":[{"currency":"EUR","rate":1}]},{"r":5}]`, "[[EUR 1000000]]"},
		{"Escaped", "/a~1b~0c", `{"a/b~c":[]}`, "[]"},
		{"Null", "", `[{"currency":null,"rate":null}]`, "[[<nil> <nil>]]"},
		{"EmptyText", "", `[{"currency":"","rate":-0}]`, "[[ 0]]"},
		{"Exponents", "", `[{"currency":"a","rate":1.25e2},{"currency":"b","rate":12500E-4},{"currency":"c","rate":0e50},{"currency":"d","rate":-1e-6},{"currency":"e","rate":5e+0}]`,
			"[[a 125000000] [b 1250000] [c 0] [d -1] [e 5000000]]"},
		{"Unicode", "", `[{"currency":"\u004dü\ud83d\ude00\/\"\\\n","rate":1}]`, "[[Mü😀/\"\\\n 1000000]]"},
		{"Mark", "", "\ufeff[]", "[]"},
		{"ManyDigits", "", `[{"currency":"x","rate":123456789012.345678}]`, "[[x 123456789012345678]]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := readAll(t, rates("json", c.at), c.data); err != nil || got != c.want {
				t.Errorf("got %s, %v, want %s", got, err, c.want)
			}
		})
	}
}

// Every mistake is permanent, and says where it is and never what the value was.
func TestJSONRowsRefused(t *testing.T) {
	deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
	for _, c := range []struct{ name, at, data, want string }{
		{"Missing", "", `[{"currency":"EUR","rate":1},{"currency":"Secret"}]`, `row 2: column "rate" is missing`},
		{"Twice", "", `[{"currency":"Secret","rate":1,"rate":2}]`, `row 1: column "rate" is there twice`},
		{"TwiceEscaped", "", `[{"currency":"Secret","rate":1,"r\u0061te":2}]`, `row 1: column "rate" is there twice`},
		{"TextForNumber", "", `[{"currency":"EUR","rate":"Secret"}]`, `row 1, column "rate": want a number`},
		{"NumberForText", "", `[{"currency":5,"rate":1}]`, `row 1: column "currency": want a text in quotes`},
		{"ListForText", "", `[{"currency":["Secret"],"rate":1}]`, `row 1: column "currency": want a text in quotes`},
		{"BoolForNumber", "", `[{"currency":"EUR","rate":true}]`, `row 1: column "rate": want a number`},
		{"TooPrecise", "", `[{"currency":"EUR","rate":1.1234567}]`, `more than 6 digits behind the point`},
		{"TooLarge", "", `[{"currency":"EUR","rate":1234567890123}]`, "more digits than numeric(18,6) has"},
		{"HugeExponent", "", `[{"currency":"EUR","rate":1e999999999}]`, "an exponent from -100 to 100"},
		{"HugeExponent2", "", `[{"currency":"EUR","rate":1e99999999999999999999999}]`, "an exponent from -100 to 100"},
		{"LongNumber", "", `[{"currency":"EUR","rate":` + strings.Repeat("9", 500) + `}]`, "more than 400 characters"},
		{"NaN", "", `[{"currency":"EUR","rate":NaN}]`, `column "rate": want a number`},
		{"Half", "", `[{"currency":"\ud83d","rate":1}]`, "surrogate"},
		{"HalfAndMore", "", `[{"currency":"\ud83dab","rate":1}]`, "surrogate"},
		{"Zero", "", `[{"currency":"a\u0000b","rate":1}]`, "zero byte"},
		{"NotUTF8", "", "[{\"currency\":\"\xff\",\"rate\":1}]", "not UTF-8"},
		{"NotUTF8Elsewhere", "", "[{\"currency\":\"a\",\"rate\":1,\"x\":\"\xc3\"}]", "not UTF-8"},
		{"NoObject", "", `[[1]]`, "row 1: it is no object"},
		{"NoList", "", `{"rates":[]}`, "is no list of objects; rows says where one is"},
		{"NotThere", "/data/rates", `{"data":{"other":[]}}`, "what is at /data/rates is not there"},
		{"PointsTwice", "/data", `{"data":[],"x":1,"data":[{"currency":"Secret","rate":1}]}`, "what is at /data is there twice"},
		{"NotAList", "/data", `{"data":{"currency":"EUR"}}`, "what is at /data is no list"},
		{"ItemNotThere", "/5", `[[],[]]`, "is not there"},
		{"Cut", "", `[{"currency":"EUR","rate":1},`, "ends too early"},
		{"CutInside", "/data", `{"data":[{"currency":"EUR","rate":1}]`, "ends too early"},
		{"Behind", "", `[] []`, "something follows its end"},
		{"Comma", "", `[{"currency":"EUR","rate":1},]`, "row 2: it is no object"},
		{"NoComma", "", `[{"currency":"EUR" "rate":1}]`, "want a comma"},
		{"Zeros", "", `[{"currency":"EUR","rate":01}]`, "want a comma"},
		{"HTML", "", `<html>`, "no list"},
		{"Nothing", "", ``, "ends too early"},
		{"Deep", "", `[{"currency":"EUR","rate":1,"x":` + deep + `}]`, "nested deeper than 64"},
		{"DeepBehind", "/a", `{"a":[],"x":` + deep + `}`, "nested deeper than 64"},
		{"Control", "", "[{\"currency\":\"a\nb\",\"rate\":1}]", "control character"},
		{"TooMany", "", "[" + strings.Repeat(`{"currency":"EUR","rate":1},`, 1000) + `{"currency":"EUR","rate":1}]`, "more than 1000 rows"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := readAll(t, rates("json", c.at), c.data)
			if !source.IsPermanent(err) || !strings.Contains(fmt.Sprint(err), c.want) || strings.Contains(fmt.Sprint(err), "Secret") {
				t.Errorf("got %v, want a permanent error with %q", err, c.want)
			}
		})
	}
}

func TestCSVRows(t *testing.T) {
	for _, c := range []struct{ name, data, want string }{
		{"Plain", "currency,rate\nEUR,25.31\n", "[[EUR 25310000]]"},
		{"OtherOrder", "rate,more,currency\r\n1,x,EUR\r\n2,\"y\r\n\"\"z\",USD", "[[EUR 1000000] [USD 2000000]]"},
		{"Nulls", "currency,rate\n,\n\"\",1\n", "[[<nil> <nil>] [ 1000000]]"},
		{"Mark", "\ufeffcurrency,rate\nEUR,1\n\n", "[[EUR 1000000]]"},
		{"Quoted", "\"currency\",\"rate\"\n\"a,\"\"b\"\"\",\"1\"\n", "[[a,\"b\" 1000000]]"},
		{"NoRows", "currency,rate", "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := readAll(t, rates("csv", ""), c.data); err != nil || got != c.want {
				t.Errorf("got %s, %v, want %s", got, err, c.want)
			}
		})
	}
	for _, c := range []struct{ name, data, want string }{
		{"Empty", "", "it is empty"},
		{"Missing", "currency,price\nEUR,1\n", `column "rate" is not in its first line`},
		{"Twice", "currency,rate,rate\nEUR,1,2\n", `column "rate" is twice`},
		{"Semicolons", "currency;rate\nEUR;1\n", "commas between the columns, not semicolons"},
		{"Short", "currency,rate\nEUR,1\nSecret\n", "row 2: it has 1 values, the first line 2"},
		{"Long", "currency,rate\nSecret,1,5\n", "row 1: it has 3 values"},
		{"Type", "currency,rate\nEUR,\"1,5 Secret\"\n", `row 1, column "rate": want a number`},
		{"Quote", "currency,rate\nE\"Secret,1\n", "row 1: a quote inside"},
		{"Open", "currency,rate\n\"Secret,1\n", "a quote has no end"},
		{"Behind", "currency,rate\n\"EUR\"Secret,1\n", "text behind a closing quote"},
		{"Return", "currency,rate\nEUR,1\rSecret,2\n", "carriage return"},
		{"NotUTF8", "currency,rate\n\xffSecret,1\n", "UTF-8"},
		{"Zero", "currency,rate\na\x00Secret,1\n", "UTF-8"},
		{"Wide", strings.Repeat("x,", 2000) + "currency,rate\n", "too many values"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := readAll(t, rates("csv", ""), c.data)
			if !source.IsPermanent(err) || !strings.Contains(fmt.Sprint(err), c.want) || strings.Contains(fmt.Sprint(err), "Secret") {
				t.Errorf("got %v, want a permanent error with %q", err, c.want)
			}
		})
	}
}

// Parameters are escaped for the place where they stand.
func TestExplainOutside(t *testing.T) {
	q := report.Extract{Name: "fx", Outside: &report.Outside{Format: "json", URL: "https://fx.example/@tenant/rates?from=@period_start&m=@period&to=@period_last",
		Headers: []report.Header{{Name: "Authorization", Env: "MONTHEND_SECRET_FX"}}, Columns: []report.OutsideColumn{{Name: "rate", Type: "numeric(18,6)"}}}}
	day := func(m time.Month) time.Time { return time.Date(2026, m, 1, 0, 0, 0, 0, time.UTC) }
	p := source.Params{PeriodStart: day(3).In(time.FixedZone("", 3600)), PeriodEnd: day(4), PeriodFirst: day(3), PeriodNext: day(4), Tenant: "a/b?c&d=e"}
	got, err := source.ExplainOutside(q, p)
	want := "GET https://fx.example/a%2Fb%3Fc&d=e/rates?from=2026-03-01T01%3A00%3A00%2B01%3A00&m=2026-03&to=2026-03-31"
	if err != nil || got.SQL != want || !strings.Contains(strings.Join(got.Plan, "\n"), "from the variable MONTHEND_SECRET_FX") {
		t.Errorf("got %+v, %v, want %s", got, err, want)
	}
	p.Tenant = ""
	if _, err := source.ExplainOutside(q, p); !source.IsPermanent(err) {
		t.Errorf("got %v, want an error for a tenant that is not there", err)
	}
}

// FuzzJSONRows holds the reader against the standard library's: what it takes, that takes too, with as many rows; and it never takes
// what that refuses.
func FuzzJSONRows(f *testing.F) {
	for _, seed := range []string{
		`[]`, `[{"currency":"EUR","rate":1.5}]`, `[{"currency":null,"rate":"2"},{"rate":1e2,"currency":"\ud83d\ude00"}]`, `[{"currency":"EUR","rate":1,"x":[{}]}]`,
		`[{"currency":"EUR","rate":01}]`, "[{\"currency\":\"\xff\",\"rate\":1}]", `[{"currency":"a","rate":-}]`, `[{"currency":"a","rate":1}] x`, `[[[[[`, `{"a":1}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data string) {
		rows := int64(0)
		given, err := fromFile(t, rates("json", ""), data)
		if err == nil {
			_, err = texts(given)
			rows = given.Rows()
			given.Close()
		}
		if err != nil {
			if !source.IsPermanent(err) {
				t.Fatalf("got %v, want a permanent error", err)
			}
			return
		}
		var std []map[string]any
		decoder := json.NewDecoder(strings.NewReader(strings.TrimPrefix(data, "\ufeff")))
		decoder.UseNumber()
		if err := decoder.Decode(&std); err != nil || int64(len(std)) != rows {
			t.Fatalf("%q is taken with %d rows; the standard library says %d, %v", data, rows, len(std), err)
		}
		if _, err := decoder.Token(); err != io.EOF {
			t.Fatalf("%q is taken with something behind it", data)
		}
	})
}
