package pipeline_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/monthend/monthend/local/postgres/pgtest"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// berka is the folder of the Berka bank ledger, which is not part of this repository.
func berka(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("MONTHEND_BERKA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data", "berka")
	}
	if _, err := os.Stat(filepath.Join(dir, "trans.csv.gz")); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the Berka ledger is not at %s: MONTHEND_BERKA names its folder", dir)
	}
	return dir
}

// TestBankMonth runs December 1993 of a real bank and compares the report with figures that are computed straight from the
// file, by another way: whole haléře in Go instead of decimals in SQL.
func TestBankMonth(t *testing.T) {
	dir := berka(t)
	url := pgtest.Database(t)
	if _, _, err := ledger.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	loadBank(t, url, dir)
	world := newWorld(t, worldConfig{url: url, definitions: os.DirFS("testdata")})

	result := world.run(report.Job{Report: "bank-month", Period: "1993-12"})
	if result.Err != nil || result.Outcome != report.Published {
		t.Fatalf("got %q, %v, want a published month", result.Outcome, result.Err)
	}
	want := countBank(t, dir, "9312")
	if want.rows != 5669 {
		t.Fatalf("the file has %d transactions in December 1993, want 5669: is it the right file?", want.rows)
	}

	var drawn struct {
		Datasets []struct {
			Name string
			Rows [][]any
		}
	}
	if err := json.Unmarshal(world.file("bank-month/_/1993-12", "bank-month-1993-12.json"), &drawn); err != nil {
		t.Fatal(err)
	}
	for _, dataset := range drawn.Datasets {
		if dataset.Name != "summary" {
			continue
		}
		got := fmt.Sprintf("%v", dataset.Rows)
		figures := fmt.Sprintf("[[%s %s %d]]", crowns(want.credits), crowns(want.others), want.rows)
		if got != figures {
			t.Errorf("got summary %s, want %s", got, figures)
		}
	}

	// The dirt that the data's own documentation does not know.
	broken := map[string]int64{}
	for _, rule := range result.Validation.Rules {
		broken[rule.Rule] = rule.Broken
	}
	expected := map[string]int64{
		"amount-positive": 0, "unique-id": 0, "known-account": 0, "control-total": 0,
		"known-type": want.unknownTypes, "symbol-not-blank": want.blankSymbols,
	}
	if diff := cmp.Diff(expected, broken); diff != "" {
		t.Errorf("rules broken (-want +got):\n%s", diff)
	}
	if want.unknownTypes == 0 || want.blankSymbols == 0 {
		t.Errorf("the file has %d unknown types and %d blank symbols; both are known to be there", want.unknownTypes, want.blankSymbols)
	}
	if result.Extracted != want.rows || result.Rejected != 0 {
		t.Errorf("got %d extracted and %d rejected, want %d and 0", result.Extracted, result.Rejected, want.rows)
	}
}

// bankCount is what one month of the file holds; amounts are haléře.
type bankCount struct {
	rows, credits, others, unknownTypes, blankSymbols int64
}

// crowns writes haléře as crowns.
func crowns(h int64) string { return fmt.Sprintf("%d.%02d", h/100, h%100) }

// countBank adds up a month (YYMM) of the file.
func countBank(t *testing.T, dir, month string) bankCount {
	t.Helper()
	var n bankCount
	readBank(t, dir, "trans", func(row []string) {
		if row[2][:4] != month {
			return
		}
		whole, fraction, _ := strings.Cut(row[5], ".")
		amount, err := strconv.ParseInt(whole+(fraction + "00")[:2], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		n.rows++
		if row[3] == `"PRIJEM"` {
			n.credits += amount
		} else {
			n.others += amount
		}
		if row[3] != `"PRIJEM"` && row[3] != `"VYDAJ"` {
			n.unknownTypes++
		}
		if row[7] == `" "` {
			n.blankSymbols++
		}
	})
	return n
}

// readBank reads one file of the ledger: semicolons, quotes around text, nothing escaped.
func readBank(t *testing.T, dir, name string, each func(row []string)) {
	t.Helper()
	file, err := os.Open(filepath.Join(dir, name+".csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(unpacked)
	lines.Scan() // the header
	for lines.Scan() {
		each(strings.Split(strings.TrimSuffix(lines.Text(), "\r"), ";"))
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// loadBank puts accounts and transactions into PostgreSQL as the bank would have them.
func loadBank(t *testing.T, url, dir string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	_, err = conn.Exec(t.Context(), `
		CREATE SCHEMA bank;
		CREATE TABLE bank.account (account_id integer PRIMARY KEY, district_id integer, frequency text, date date);
		CREATE TABLE bank.trans (trans_id integer PRIMARY KEY, account_id integer, date date, type text, operation text,
			amount numeric(12,2), balance numeric(14,2), k_symbol text)`)
	if err != nil {
		t.Fatal(err)
	}
	copyBank(t, conn, dir, "account", []string{"account_id", "district_id", "frequency", "date"}, "iitd")
	copyBank(t, conn, dir, "trans",
		[]string{"trans_id", "account_id", "date", "type", "operation", "amount", "balance", "k_symbol"}, "iidttnnt")
}

// copyBank copies the first columns of a file; forms says what each is: integer, text, date or number.
func copyBank(t *testing.T, conn *pgx.Conn, dir, table string, columns []string, forms string) {
	t.Helper()
	var rows [][]any
	readBank(t, dir, table, func(row []string) {
		values := make([]any, len(columns))
		for i := range columns {
			text := strings.Trim(row[i], `"`)
			switch forms[i] {
			case 'i':
				n, err := strconv.Atoi(text)
				if err != nil {
					t.Fatal(err)
				}
				values[i] = n
			case 'd':
				day, err := time.Parse("060102", text)
				if err != nil {
					t.Fatal(err)
				}
				values[i] = day
			default:
				values[i] = text
			}
		}
		rows = append(rows, values)
	})
	n, err := conn.CopyFrom(t.Context(), pgx.Identifier{"bank", table}, columns, pgx.CopyFromRows(rows))
	if err != nil || int(n) != len(rows) {
		t.Fatalf("copied %d of %d rows of %q: %v", n, len(rows), table, err)
	}
}
