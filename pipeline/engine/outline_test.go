package engine_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/report"
)

// Lists and intervals are drawn as the engine writes them.
func TestListsAndIntervalsAreTexts(t *testing.T) {
	w := open(t, engine.Config{})
	d := dataset(t, w, "SELECT [1.50, NULL] AS l, ['a', 'b, c'] AS s, to_months(14) + to_days(-3) AS i, CAST(NULL AS DATE[]) AS n ORDER BY ALL")
	want := []any{"[1.50, NULL]", "[a, 'b, c']", "1 year 2 months -3 days", nil}
	if diff := cmp.Diff([][]any{want}, d.Rows); diff != "" {
		t.Error(diff)
	}
	for _, c := range d.Columns {
		if c.Kind != report.Text {
			t.Errorf("column %s is %s", c.Name, c.Kind)
		}
	}
}

// What a person would read as the year 294247 is an error, with the column.
func TestInfinityIsNotDrawn(t *testing.T) {
	w := open(t, engine.Config{TimeZone: "Europe/Prague"})
	for i, value := range []string{"DATE 'infinity'", "DATE '-infinity'", "TIMESTAMP 'infinity'", "TIMESTAMP '-infinity'", "TIMESTAMPTZ 'infinity'", "TIMESTAMPTZ '-infinity'"} {
		_, err := w.Dataset(t.Context(), report.DatasetQuery{Name: "d" + string(rune('a'+i)), SQL: "SELECT " + value + " AS valid_to ORDER BY 1"})
		if err == nil || !strings.Contains(err.Error(), `column "valid_to": an infinite date or time cannot be drawn`) || !engine.IsPermanent(err) {
			t.Errorf("%s: got %v", value, err)
		}
	}
}
