package engine_test

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/report"
)

func sum(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}

func TestCSV(t *testing.T) {
	spool := t.TempDir()
	w := open(t, engine.Config{Spool: spool, TimeZone: "Europe/Prague"})
	summer := time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)
	winter := time.Date(2026, 3, 29, 0, 59, 59, 999999000, time.UTC)
	load(t, w, "t", "id int64, amount money, s text, day date, ts timestamp, tz timestamptz, ok bool",
		[]any{1, dec("-1234567.80"), "plain", summer, summer, summer, true},
		[]any{2, dec("0.01"), "a,b \"c\"\r\nd", winter, winter, winter, false},
		[]any{3, nil, nil, nil, nil, nil, nil},
		[]any{4, dec("0"), "", summer, summer, summer, true},
		[]any{5, dec("0"), "=cmd|' /C calc'!A0", summer, summer, summer, true},
		[]any{6, dec("0"), "＝1+1", summer, summer, summer, true},
		[]any{7, dec("0"), "\tx", summer, summer, summer, true},
		[]any{8, dec("0"), "日本商事 – 5", summer, summer, summer, true},
		[]any{9, dec("0"), "@SUM(A1)", summer, summer, summer, true},
		[]any{10, dec("0"), "-2+3", summer, summer, summer, true},
		[]any{11, dec("0"), "  =1+1", summer, summer, summer, true},
		[]any{12, dec("0"), "a\rb\nc", summer, summer, summer, true},
	)
	d := dataset(t, w, `SELECT id, amount AS "+amount", s, day, ts, tz, ok FROM t_extracted ORDER BY id`)
	path := filepath.Join(spool, "files", "d.csv")
	n, err := w.Export(context.Background(), d.Name, engine.CSV, path)
	if err != nil || n != 12 {
		t.Fatalf("got %d rows, %v", n, err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const rest = ",2026-03-29,2026-03-29T01:00:00.000000,2026-03-29T03:00:00.000000+02:00,true\r\n"
	want := "id,'+amount,s,day,ts,tz,ok\r\n" +
		"1,-1234567.80,plain" + rest +
		"2,0.01,\"a,b \"\"c\"\"\r\nd\",2026-03-29,2026-03-29T00:59:59.999999,2026-03-29T01:59:59.999999+01:00,false\r\n" +
		"3,,,,,,\r\n" +
		"4,0.00,\"\"" + rest +
		"5,0.00,'=cmd|' /C calc'!A0" + rest +
		"6,0.00,'＝1+1" + rest +
		"7,0.00,'\tx" + rest +
		"8,0.00,日本商事 – 5" + rest +
		"9,0.00,'@SUM(A1)" + rest +
		"10,0.00,'-2+3" + rest +
		"11,0.00,'  =1+1" + rest +
		"12,0.00,\"a\rb\nc\"" + rest
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	if records, err := csv.NewReader(strings.NewReader(string(got))).ReadAll(); err != nil || len(records) != 13 {
		t.Errorf("the standard library reads %d records, %v", len(records), err)
	}
	if left, _ := filepath.Glob(filepath.Join(spool, "files", "*.part")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestRawCSV writes what machines read back: texts as they are, everything else as ever.
func TestRawCSV(t *testing.T) {
	spool := t.TempDir()
	w := open(t, engine.Config{Spool: spool, TimeZone: "Asia/Kolkata"})
	load(t, w, "t", "s text, tz timestamptz", []any{"=1+1", time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)}, []any{"-2", nil})
	d := dataset(t, w, `SELECT s AS "=s", tz FROM t_extracted ORDER BY s`)
	path := filepath.Join(spool, "d.csv")
	if _, err := w.Export(context.Background(), d.Name, engine.RawCSV, path); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("=s,tz\r\n-2,\r\n=1+1,2026-03-29T06:30:00.000000+05:30\r\n", read(t, path)); diff != "" {
		t.Error(diff)
	}
}

func TestCSVDecimals(t *testing.T) {
	spool := t.TempDir()
	w := open(t, engine.Config{Spool: spool})
	d := dataset(t, w, `SELECT * FROM (VALUES (0.5::DECIMAL(4,4), -0.5::DECIMAL(38,38), 100000000::DECIMAL(38,0), 0.000001::DECIMAL(18,6), 1::HUGEINT))
		AS t(a, b, c, d, e) ORDER BY 1`)
	path := filepath.Join(spool, "d.csv")
	if _, err := w.Export(context.Background(), d.Name, engine.CSV, path); err != nil {
		t.Fatal(err)
	}
	want := "a,b,c,d,e\r\n0.5000,-0.50000000000000000000000000000000000000,100000000,0.000001,1\r\n"
	if diff := cmp.Diff(want, read(t, path)); diff != "" {
		t.Error(diff)
	}
}

// Equal input gives equal bytes, whatever the folder, the order of arrival, the number of threads and the memory.
func TestExportsAreReproducible(t *testing.T) {
	const rows = 190_000 // so that quarantine has two row groups
	var sums [2]map[string]string
	for run := range sums {
		spool := t.TempDir()
		w := open(t, engine.Config{Spool: spool, Threads: 1 + 3*run, MemoryLimit: int64(64+192*run) << 20})
		list := make([][]any, rows)
		for i := range list {
			n := i
			if run == 1 {
				n = rows - 1 - i
			}
			list[i] = []any{n, dec("0.01"), strings.Repeat("x", n%20), time.Unix(int64(n), 0)}
		}
		load(t, w, "t", "id int64, amount money, s text, tz timestamptz", list...)
		q := report.DatasetQuery{Name: "all", SQL: "SELECT s, amount, id, tz FROM t_extracted WHERE id % 3 = 0 ORDER BY s"}
		if _, err := w.Dataset(context.Background(), q); err != nil {
			t.Fatal(err)
		}
		def := report.Definition{
			Extract: []report.Extract{{Name: "t", Key: []string{"s"}}},
			Rules:   []report.Rule{{Name: "third", On: "t", Severity: report.Reject, Check: "id % 3 = 0"}},
		}
		if _, err := w.Validate(context.Background(), def); err != nil {
			t.Fatal(err)
		}
		sums[run] = map[string]string{}
		for _, format := range []string{engine.CSV, engine.Parquet} {
			path := filepath.Join(spool, "all."+format)
			if n, err := w.Export(context.Background(), "all", format, path); err != nil || n != rows/3+1 {
				t.Fatalf("%s: got %d rows, %v", format, n, err)
			}
			sums[run][format] = sum(t, path)
			path = filepath.Join(spool, "q."+format)
			if n, err := w.ExportQuarantine(context.Background(), def.Extract[0], format, path); err != nil || n != rows-rows/3-1 {
				t.Fatalf("%s: got %d rows, %v", format, n, err)
			}
			sums[run]["quarantine "+format] = sum(t, path)
		}
	}
	if diff := cmp.Diff(sums[0], sums[1]); diff != "" {
		t.Error(diff)
	}
}

func TestExportErrors(t *testing.T) {
	spool := t.TempDir()
	w := open(t, engine.Config{Spool: spool})
	load(t, w, "t", "id int64")
	d := dataset(t, w, "SELECT id FROM t_extracted ORDER BY id")
	for _, test := range []struct{ dataset, format, path, want string }{
		{"missing", engine.CSV, filepath.Join(spool, "x"), "it is not computed"},
		{d.Name, "xls", filepath.Join(spool, "x"), "neither csv nor parquet"},
		{d.Name, engine.CSV, filepath.Join(spool, "..", "x"), "is not below the spool"},
		{d.Name, engine.CSV, "/etc/x", "is not below the spool"},
		{d.Name, engine.CSV, spool, "is not below the spool"},
		{d.Name, engine.CSV, filepath.Join(spool, "spill", "x"), "is not below the spool"},
	} {
		if _, err := w.Export(context.Background(), test.dataset, test.format, test.path); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: got %v", test, err)
		}
	}
	if _, err := w.ExportQuarantine(context.Background(), report.Extract{Name: "t"}, engine.CSV, filepath.Join(spool, "q")); err == nil {
		t.Error("quarantine is exported before there is any")
	}
}
