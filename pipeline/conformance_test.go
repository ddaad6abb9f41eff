package pipeline_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/monthend/monthend/local/postgres/pgtest"

	batch "github.com/monthend/monthend/pipeline/column"
	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/pipeline/source/remote"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/report"
)

// everyType has a column of every type that rows from outside can have.
var everyType = []report.OutsideColumn{
	{Name: "id", Type: "bigint"}, {Name: "name", Type: "text"}, {Name: "ok", Type: "boolean"}, {Name: "small", Type: "smallint"}, {Name: "n", Type: "integer"},
	{Name: "amount", Type: "numeric(18,2)"}, {Name: "rate", Type: "numeric(38,18)"}, {Name: "part", Type: "numeric(2,2)"}, {Name: "day", Type: "date"},
	{Name: "at", Type: "timestamp"}, {Name: "instant", Type: "timestamptz"}, {Name: "code", Type: "uuid"},
}

// sameRows are rows as text, as PostgreSQL writes them; "-" is NULL.
var sameRows = [][]string{
	{"1", "Müller & \"Söhne\", 日本", "true", "-32768", "2147483647", "-1234567890123456.78", "12345678901234567890.123456789012345678", "0.07", "2026-03-31", "2026-03-31 23:59:59.999999", "2026-03-29 00:30:00+00", "6f9619ff-8b86-d011-b42d-00cf4fc964ff"},
	{"-9223372036854775808", "", "false", "0", "-1", "0.00", "0.000000000000000001", "-0.99", "1999-12-31", "1970-01-01 00:00:00", "2026-10-25 00:30:00.5+00", "00000000-0000-0000-0000-000000000000"},
	{"3", "=1+1", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-"},
	{"4", "line\nbreak", "true", "1", "10000", "10000.00", "100000000", "0.10", "2000-01-01", "2000-01-01 00:00:00", "1999-12-31 23:00:00+00", "ffffffff-ffff-ffff-ffff-ffffffffffff"},
	{"4", "line\nbreak", "true", "1", "10000", "10000.00", "100000000", "0.10", "2000-01-01", "2000-01-01 00:00:00", "1999-12-31 23:00:00+00", "ffffffff-ffff-ffff-ffff-ffffffffffff"},
}

// asSelect, asCSV and asJSON write the rows down in three ways; the order differs.
func asSelect() string {
	var rows []string
	for _, row := range sameRows {
		values := make([]string, len(row))
		for i, v := range row {
			values[i] = "NULL::" + everyType[i].Type
			if v != "-" {
				values[i] = "'" + strings.ReplaceAll(v, "'", "''") + "'::" + everyType[i].Type
			}
			values[i] += " AS " + everyType[i].Name
		}
		rows = append(rows, "SELECT "+strings.Join(values, ", "))
	}
	return strings.Join(rows, "\nUNION ALL ")
}

func asCSV() string {
	var b strings.Builder
	for i := len(everyType) - 1; i >= 0; i-- {
		fmt.Fprintf(&b, "%s,", everyType[i].Name)
	}
	b.WriteString("more\r\n")
	for r := len(sameRows) - 1; r >= 0; r-- {
		for i := len(everyType) - 1; i >= 0; i-- {
			if v := sameRows[r][i]; v != "-" {
				fmt.Fprintf(&b, `"%s"`, strings.ReplaceAll(v, `"`, `""`))
			}
			b.WriteByte(',')
		}
		b.WriteString("x\r\n")
	}
	return b.String()
}

func asJSON() string {
	var list []map[string]any
	for r := len(sameRows) - 1; r >= 0; r-- {
		object := map[string]any{"more": []int{1}}
		for i, v := range sameRows[r] {
			switch kind := everyType[i].Type; {
			case v == "-":
				object[everyType[i].Name] = nil
			case kind == "boolean":
				object[everyType[i].Name] = v == "true"
			case strings.HasPrefix(kind, "numeric(18") || kind == "integer":
				object[everyType[i].Name] = json.Number(v)
			default:
				object[everyType[i].Name] = strings.Replace(v, " 00:30", "T00:30", 1)
			}
		}
		list = append(list, object)
	}
	text, _ := json.Marshal(map[string]any{"rows": list})
	return string(text)
}

// Every source of rows makes equal tables and equal digests of equal rows: PostgreSQL, HTTP, files, S3, in every format.
func TestRowSourcesConform(t *testing.T) {
	rows, err := source.OpenPostgres(t.Context(), pgtest.Database(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(rows.Close)
	snapshot, err := rows.Begin(t.Context(), "Europe/Prague")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { snapshot.Close(t.Context()) })
	query := report.Extract{Name: "rows", SQL: asSelect(), Path: "rows.sql"}
	answer, err := snapshot.Query(t.Context(), query, source.Params{})
	if err != nil {
		t.Fatal(err)
	}
	spool := t.TempDir()
	parquet := filepath.Join(spool, "rows.parquet")
	want := tableOf(t, spool, answer, func(w *engine.Workspace) {
		if _, err := w.Export(t.Context(), "all", engine.Parquet, parquet); err != nil {
			t.Fatal(err)
		}
	})
	wantDigest := answer.Digest()
	packed, err := os.ReadFile(parquet)
	if err != nil {
		t.Fatal(err)
	}

	files := map[string]string{"rows.csv": asCSV(), "rows.json": asJSON(), "rows.parquet": string(packed)}
	dir := t.TempDir()
	backend := s3mem.New()
	if err := backend.CreateBucket("finance"); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := backend.PutObject("finance", "in/"+name, nil, strings.NewReader(text), int64(len(text)), nil); err != nil {
			t.Fatal(err)
		}
	}
	web := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(web.Close)
	bucket := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(bucket.Close)
	client := s3.New(s3.Options{Region: "eu-central-1", BaseEndpoint: aws.String(bucket.URL), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("k", "s", "")})
	hosts, err := remote.ParseHosts(web.URL)
	if err != nil {
		t.Fatal(err)
	}
	folders, err := remote.ParseFolders("file://" + dir + ",s3://finance/in")
	if err != nil {
		t.Fatal(err)
	}
	outside, err := source.OpenOutside(remote.Config{Hosts: hosts, Folders: folders, Objects: store.NewObjects(client)})
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{web.URL + "/", "file://" + dir + "/", "s3://finance/in/"} {
		for format := range map[string]bool{"csv": true, "json": true, "parquet": true} {
			t.Run(strings.SplitN(place, ":", 2)[0]+" "+format, func(t *testing.T) {
				q := report.Extract{Name: "rows", Outside: &report.Outside{Format: format, Columns: everyType}}
				if format == "json" {
					q.Outside.Rows = "/rows"
				}
				if strings.HasPrefix(place, "http") {
					q.Outside.URL = place + "rows." + format
				} else {
					q.Outside.File = place + "rows." + format
				}
				spool := t.TempDir()
				got, err := outside.Fetch(t.Context(), q, source.Params{}, filepath.Join(spool, "fetched"))
				if err != nil {
					t.Fatal(err)
				}
				if format == "parquet" {
					unpack(t, spool, q, got)
				}
				given, err := got.Rows()
				if err != nil {
					t.Fatal(err)
				}
				defer given.Close()
				if diff := cmp.Diff(want, tableOf(t, spool, given, nil)); diff != "" {
					t.Errorf("table (-PostgreSQL +%s):\n%s", format, diff)
				}
				if given.Digest() != wantDigest {
					t.Errorf("got digest %x, want PostgreSQL's %x", given.Digest(), wantDigest)
				}
			})
		}
	}
}

// tableOf loads rows into an engine of their own and reads them back, in an order; then does something with it.
func tableOf(t *testing.T, spool string, rows batch.Reader, then func(*engine.Workspace)) [][]any {
	t.Helper()
	w, err := engine.Open(t.Context(), engine.Config{Spool: spool, TimeZone: "Europe/Prague"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Load(t.Context(), "rows", rows); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Validate(t.Context(), report.Definition{Extract: []report.Extract{{Name: "rows", Key: []string{"id"}}}}); err != nil {
		t.Fatal(err)
	}
	d, err := w.Dataset(t.Context(), report.DatasetQuery{Name: "all", SQL: "SELECT * FROM rows ORDER BY ALL", Path: "all.sql"})
	if err != nil {
		t.Fatal(err)
	}
	if then != nil {
		then(w)
	}
	var texts [][]any
	for _, row := range d.Rows {
		line := make([]any, len(row))
		for i, v := range row {
			if v != nil {
				line[i] = fmt.Sprint(v)
			}
		}
		texts = append(texts, line)
	}
	return texts
}

func unpack(t *testing.T, spool string, q report.Extract, got *source.Fetched) {
	t.Helper()
	w, err := engine.Open(t.Context(), engine.Config{Spool: spool, TimeZone: "Europe/Prague"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	columns, err := source.Declared(q)
	if err != nil {
		t.Fatal(err)
	}
	rows, bytes := got.Limits()
	to := filepath.Join(spool, "unpacked.csv")
	if err := w.Unpack(t.Context(), got.File, columns, to, engine.UnpackLimit{Rows: rows, Bytes: bytes}); err != nil {
		t.Fatal(err)
	}
	got.Unpacked(to)
}

// What a Parquet file holds is looked at before it is unpacked, and bounded as it is.
func TestUnpackRefuses(t *testing.T) {
	for _, c := range []struct {
		name, sql, want string
		columns         []report.OutsideColumn
		limit           engine.UnpackLimit
	}{
		{"Missing", "SELECT 1 AS id ORDER BY id", `column "rate" is not in the file`, []report.OutsideColumn{{Name: "rate", Type: "integer"}}, engine.UnpackLimit{Rows: 9, Bytes: 999}},
		{"OtherType", "SELECT DATE '2026-03-31' AS id ORDER BY id", `is DATE in the file, and declared as decimal`, []report.OutsideColumn{{Name: "id", Type: "numeric(18,2)"}}, engine.UnpackLimit{Rows: 9, Bytes: 999}},
		{"Rows", "SELECT 1 AS id FROM range(1000) ORDER BY id", "more than 999 rows", []report.OutsideColumn{{Name: "id", Type: "integer"}}, engine.UnpackLimit{Rows: 999, Bytes: 99999}},
		{"Bytes", "SELECT repeat('x', 100000) AS id ORDER BY id", "more than max_mb", []report.OutsideColumn{{Name: "id", Type: "text"}}, engine.UnpackLimit{Rows: 9, Bytes: 9999}},
		{"NoParquet", "", "not Parquet, or is damaged", []report.OutsideColumn{{Name: "id", Type: "text"}}, engine.UnpackLimit{Rows: 9, Bytes: 9999}},
	} {
		t.Run(c.name, func(t *testing.T) {
			spool := t.TempDir()
			w, err := engine.Open(t.Context(), engine.Config{Spool: spool})
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			file := filepath.Join(spool, "given.parquet")
			if c.sql == "" {
				err = os.WriteFile(file, []byte("PAR1 and so on, and so on"), 0o600)
			} else if _, err = w.Dataset(t.Context(), report.DatasetQuery{Name: "given", SQL: c.sql}); err == nil {
				_, err = w.Export(t.Context(), "given", engine.Parquet, file)
			}
			if err != nil {
				t.Fatal(err)
			}
			columns, err := source.Declared(report.Extract{Outside: &report.Outside{Columns: c.columns}})
			if err != nil {
				t.Fatal(err)
			}
			err = w.Unpack(t.Context(), file, columns, filepath.Join(spool, "to.csv"), c.limit)
			if !engine.IsPermanent(err) || !strings.Contains(fmt.Sprint(err), c.want) {
				t.Errorf("got %v, want a mistake with %q", err, c.want)
			}
		})
	}
}
