package pipeline_test

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/monthend/monthend/report"
)

// workbooks is a report of the demo company's accounts whose workbook holds the rows too, and whose CSV is for machines.
func workbooks() fs.FS {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	return fstest.MapFS{
		"book/report.yaml": file(`
name: book
title: Book
timezone: Europe/Prague
currency: CZK
extract:
  accounts: {sql: accounts.sql, key: [id]}
validate:
  rules:
    - {rule: not-rent, on: accounts, check: "name <> '=Rent'", severity: reject}
generate:
  datasets: {all: all.sql}
  document:
    - table: {title: All, dataset: all}
    - quality: {show: [name]}
  formats: [xlsx, csv]
  details: [accounts]
  csv: {raw: true}
`),
		"book/accounts.sql": file(`SELECT id, CASE id % 5 WHEN 0 THEN '=Rent' WHEN 1 THEN '=1+1' ELSE 'plain' END AS name, 'secret' AS secret,
			0.5::double precision AS factor FROM generate_series(1, 20) AS g(id)`),
		"book/all.sql": file(`SELECT name, count(*) AS n FROM accounts GROUP BY name ORDER BY name`),
	}
}

func TestWorkbook(t *testing.T) {
	definitions := workbooks().(fstest.MapFS)
	w := newWorld(t, worldConfig{definitions: definitions})
	// A workbook would round what is no exact figure.
	if result := w.run(report.Job{Report: "book", Period: "2026-03"}); result.Err == nil || !strings.Contains(result.Err.Error(), `column "factor" is DOUBLE`) {
		t.Errorf("got %v", result.Err)
	}

	sql := definitions["book/accounts.sql"]
	sql.Data = bytes.ReplaceAll(sql.Data, []byte("double precision"), []byte("numeric(3, 2)"))
	w = newWorld(t, worldConfig{definitions: definitions})
	w.publish(report.Job{Report: "book", Period: "2026-03"})
	f, err := excelize.OpenReader(bytes.NewReader(w.file("book/_/2026-03", "book-2026-03.xlsx")))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if diff := cmp.Diff([]string{"Summary", "All", "Accounts", "Quality", "Quarantine"}, f.GetSheetList()); diff != "" {
		t.Error(diff)
	}
	for sheet, want := range map[string][][]string{
		"Quarantine": {{"rules", "id", "name"}, {"not-rent", "5", "=Rent"}, {"not-rent", "10", "=Rent"}, {"not-rent", "15", "=Rent"}, {"not-rent", "20", "=Rent"}},
		"All":        {{"Name", "N"}, {"=1+1", "4"}, {"plain", "12"}},
	} {
		got, err := f.GetRows(sheet)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Error(sheet, diff, err)
		}
	}
	rows, err := f.GetRows("Accounts")
	if err != nil || len(rows) != 17 || strings.Join(rows[1], " ") != "1 =1+1 secret 0.50" {
		t.Errorf("got %d rows, %v, %v", len(rows), rows[1], err)
	}
	if got := string(w.file("book/_/2026-03", "all.csv")); got != "name,n\r\n=1+1,4\r\nplain,12\r\n" {
		t.Errorf("got %q", got)
	}
}
