package source_test

import (
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline/column"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/report"
)

// cells reads a whole CSV as text, NULL as "NULL".
func cells(t *testing.T, c *source.CSV) (rows [][]string) {
	t.Helper()
	var b column.Batch
	for {
		err := c.Next(&b)
		if err == io.EOF {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Len() {
			var row []string
			for v := range b.Vectors {
				row = append(row, cell(&b.Vectors[v], i))
			}
			rows = append(rows, row)
		}
	}
}

func cell(v *column.Vector, i int) string {
	if !v.IsValid(i) {
		return "NULL"
	}
	switch v.Type.Kind {
	case column.Bool:
		return map[bool]string{true: "true", false: "false"}[v.Bools[i]]
	case column.Text:
		return string(v.Value(i))
	case column.Bytes:
		return hex.EncodeToString(v.Value(i))
	case column.Decimal, column.UUID:
		return v.Int128s[i].Big().String()
	case column.Int16:
		return column.FromInt64(int64(v.Int16s[i])).Big().String()
	case column.Int32, column.Date:
		return column.FromInt64(int64(v.Int32s[i])).Big().String()
	}
	return column.FromInt64(v.Int64s[i]).Big().String()
}

func TestCSV(t *testing.T) {
	c, err := source.NewCSV("t.csv", []byte("id:bigint,amount:numeric(18,2),name:text,at:timestamptz,day:date,ok:bool,small:int2,code:char(4),raw:bytea,wall:timestamp\r\n"+
		"1,-0.5,\"a, \"\"b\"\"\n\",1970-01-01 01:00:00+01,1970-01-02,t,-3,ab  ,\\x00ff,1970-01-01T00:00:00.000001\r\n"+
		"2,,\"\",,,,,,,"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Columns()[1].Type, (column.Type{Kind: column.Decimal, Precision: 18, Scale: 2}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	want := [][]string{
		{"1", "-50", "a, \"b\"\n", "0", "1", "true", "-3", "ab", "00ff", "1"},
		{"2", "NULL", "", "NULL", "NULL", "NULL", "NULL", "NULL", "NULL", "NULL"},
	}
	if diff := cmp.Diff(want, cells(t, c)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestCSVTypes(t *testing.T) {
	for _, c := range []struct {
		typed string
		want  column.Type
	}{
		{"INTEGER", column.Type{Kind: column.Int32}},
		{"Double  Precision", column.Type{Kind: column.Float64}},
		{"timestamp with time zone", column.Type{Kind: column.TimestampTZ}},
		{"numeric(5)", column.Type{Kind: column.Decimal, Precision: 5}},
		{"decimal (38, 10)", column.Type{Kind: column.Decimal, Precision: 38, Scale: 10}},
		{"varchar(20)", column.Type{Kind: column.Text}},
		{"jsonb", column.Type{Kind: column.Text}},
		{"uuid", column.Type{Kind: column.UUID}},
	} {
		got, err := source.NewCSV("t.csv", []byte("\"a:"+c.typed+"\"\n"))
		if err != nil {
			t.Errorf("%s: %v", c.typed, err)
			continue
		}
		if diff := cmp.Diff([]column.Column{{Name: "a", Type: c.want}}, got.Columns()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.typed, diff)
		}
	}
}

func TestCSVRefuses(t *testing.T) {
	for _, c := range []struct{ name, data, want string }{
		{"nothing", "", "t.csv: the file is empty; its first line names the columns"},
		{"mark", "\ufeffid:int\n", "t.csv: it begins with a byte order mark; save it as plain UTF-8"},
		{"untyped", "id,amount:text\n", "t.csv:1:1: want the name and the type of a column, such as amount:numeric(18,2)"},
		{"semicolons", "id:int;amount:text\n", "t.csv:1:1: want commas between the columns, not semicolons"},
		{"unknown type", "id:int,amount:numerc\n", `t.csv:1:8: column "amount": type "numerc" is not known; did you mean "numeric"?`},
		{"too precise", "amount:numeric(39,2)\n", `t.csv:1:1: column "amount": decimal(39,2) is outside 1 to 38 digits`},
		{"short row", "a:int,b:int\n1,2\n3\n", "t.csv:3:1: the row has 1 values, the header 2"},
		{"open quote", "a:text\n\"x\n", "t.csv:2:1: a quote has no end"},
		{"behind quote", "a:text,b:text\nx,\"y\"z\n", "t.csv:2:6: text behind a closing quote; a quote inside is written twice"},
		{"bare quote", "a:text\nčx\"y\n", "t.csv:2:3: a quote inside a value without quotes; put the value in quotes, and write the quote twice"},
		{"carriage return", "a:text\nx\ry\n", "t.csv:2:2: a carriage return without a line feed"},
		{"bytes", "a:text\nx\xff\n", "t.csv:2:2: not UTF-8 from here on"},
		{"zero", "a:text\nx\x00\n", "t.csv:2:2: a zero byte, which no text of PostgreSQL has"},
		{"bool", "a:bool\nyes\n", `t.csv:2:1: column "a": want true or false`},
		{"integer", "a:int2\n40000\n", `t.csv:2:1: column "a": want a whole number of 16 bits`},
		{"decimals", "x:int,a:numeric(4,2)\n1,1.234\n", `t.csv:2:3: column "a": more than 2 digits behind the point`},
		{"digits", "a:numeric(4,2)\n100\n", `t.csv:2:1: column "a": more digits than numeric(4,2) has`},
		{"comma", "a:numeric(4,2)\n\"1,5\"\n", `t.csv:2:1: column "a": want a number of up to 4 digits, such as -1234.50`},
		{"exponent", "a:numeric(4,2)\n1e1\n", `t.csv:2:1: column "a": want a number of up to 4 digits, such as -1234.50`},
		{"date", "a:date\n2026-02-30\n", `t.csv:2:1: column "a": want a date such as 2026-03-31`},
		{"no offset", "a:timestamptz\n2026-03-31 18:30:00\n", `t.csv:2:1: column "a": want a timestamp such as 2026-03-31 18:30:00+01`},
		{"offset", "a:timestamp\n2026-03-31 18:30:00+01\n", `t.csv:2:1: column "a": want a timestamp such as 2026-03-31 18:30:00`},
		{"nanoseconds", "a:timestamp\n2026-03-31 18:30:00.1234567\n", `t.csv:2:1: column "a": more than six digits behind the seconds`},
		{"long", "a:varchar(2)\nabc\n", `t.csv:2:1: column "a": more than 2 characters`},
		{"quoted empty", "a:int\n\"\"\n", `t.csv:2:1: column "a": want a whole number of 32 bits`},
		{"json", "a:json\n{\n", `t.csv:2:1: column "a": want JSON`},
		{"size", "a:text\n" + strings.Repeat("x", source.MaxCSV), "t.csv: more than 4194304 bytes"},
	} {
		_, err := source.NewCSV("t.csv", []byte(c.data))
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
}

// Every mistake is told, with the line that it stands in.
func TestCSVTellsEveryMistake(t *testing.T) {
	_, err := source.NewCSV("t.csv", []byte("a:int,b:date\nx,2026-01-01\n1,y\n"))
	var wrong *report.DefinitionError
	if !errors.As(err, &wrong) || len(wrong.Problems) != 2 {
		t.Fatalf("got %v, want two problems", err)
	}
	if got := wrong.Problems[1]; got.Line != 3 || got.Col != 3 || got.Source != "1,y" {
		t.Errorf("got %+v", got)
	}
}

func FuzzCSV(f *testing.F) {
	f.Add("id:bigint,amount:numeric(18,2),at:timestamptz\n1,-0.5,2026-03-31 18:30:00+02\n2,,\n")
	f.Add("a:text\n\"x\"\"y\"\n\"\"\n\n")
	f.Add("a:uuid,b:bytea\n6f9619ff-8b86-d011-b42d-00cf4fc964ff,\\x00\r\n")
	f.Fuzz(func(t *testing.T, data string) {
		c, err := source.NewCSV("t.csv", []byte(data))
		if err != nil {
			var wrong *report.DefinitionError
			if !errors.As(err, &wrong) {
				t.Fatalf("got %v, want a definition error", err)
			}
			for _, p := range wrong.Problems {
				if s := p.String(); strings.ContainsAny(s, "\r\n") || p.Message == "" {
					t.Fatalf("problem is not one line: %q", s)
				}
			}
			return
		}
		for _, column := range c.Columns() {
			if err := column.Type.Check(); err != nil {
				t.Fatal(err)
			}
		}
		cells(t, c)
	})
}
