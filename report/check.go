package report

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"
)

// check looks at every value once, so that drawing need not: each is NULL or of its kind's Go type.
func (d Dataset) check() error {
	for r, row := range d.Rows {
		if len(row) != len(d.Columns) {
			return fmt.Errorf("dataset %q: row %d has %d values, want %d", d.Name, r+1, len(row), len(d.Columns))
		}
		for i, v := range row {
			if v != nil && !d.Columns[i].Kind.holds(v) {
				return fmt.Errorf("%s.%s: row %d holds a %T, which is not of kind %s", d.Name, d.Columns[i].Name, r+1, v, d.Columns[i].Kind)
			}
		}
	}
	return nil
}

// holds reports whether v is of the kind's Go type.
func (k Kind) holds(v any) bool {
	var ok bool
	switch k {
	case Text:
		_, ok = v.(string)
	case Integer:
		_, ok = v.(int64)
	case Decimal:
		_, ok = v.(decimal.Decimal)
	case Boolean:
		_, ok = v.(bool)
	case Date, Timestamp:
		_, ok = v.(time.Time)
	}
	return ok
}

func timeOf(v any) (time.Time, bool) {
	at, ok := v.(time.Time)
	return at, ok
}
