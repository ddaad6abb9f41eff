//go:build cgo

package engine

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

// outline is one column of a dataset: its kind, and the type it is stored and exported as.
type outline struct {
	name  string
	kind  report.Kind
	scale int
	ddl   string // DuckDB's type of the kept column
	wide  bool   // narrowed to 64 bits on the way
}

// newOutline maps a DuckDB type to a kind. HUGEINT is what sum() makes of integers; Parquet would store it as a float, so it is kept as BIGINT.
func newOutline(column, ddl string) (outline, error) {
	c := outline{name: column, ddl: ddl}
	switch ddl {
	case "VARCHAR":
		c.kind = report.Text
	case "UUID", "INTERVAL":
		c.kind, c.ddl = report.Text, "VARCHAR"
	case "BOOLEAN":
		c.kind = report.Boolean
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER":
		c.kind = report.Integer
	case "UBIGINT", "HUGEINT", "UHUGEINT":
		c.kind, c.ddl, c.wide = report.Integer, "BIGINT", true
	case "DATE":
		c.kind = report.Date
	case "TIMESTAMP", "TIMESTAMP WITH TIME ZONE":
		c.kind = report.Timestamp
	case "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS":
		c.kind, c.ddl = report.Timestamp, "TIMESTAMP"
	case "FLOAT", "DOUBLE":
		return c, fmt.Errorf("column %q is %s, which is not exact; cast it, as in CAST(%s AS DECIMAL(38,2))", column, ddl, name(column))
	default:
		if elem, list := strings.CutSuffix(ddl, "[]"); list {
			return listOutline(column, elem)
		}
		inside, found := strings.CutPrefix(ddl, "DECIMAL(")
		if !found {
			return c, fmt.Errorf("column %q is %s, which cannot be drawn; cast it, as in CAST(%s AS VARCHAR)", column, ddl, name(column))
		}
		_, digits, _ := strings.Cut(strings.TrimSuffix(inside, ")"), ",")
		scale, err := strconv.Atoi(digits)
		if err != nil {
			return c, fmt.Errorf("column %q: %s is no decimal type", column, ddl)
		}
		c.kind, c.scale = report.Decimal, scale
	}
	return c, nil
}

// listOutline is the outline of a list: it is drawn as the engine writes it, if its elements could be drawn.
func listOutline(column, elem string) (outline, error) {
	c, err := newOutline(column, elem)
	switch {
	case elem == "FLOAT" || elem == "DOUBLE":
		return c, fmt.Errorf("column %q is %s[], which is not exact; cast it, as in CAST(%s AS DECIMAL(38,2)[])", column, elem, name(column))
	case err != nil:
		return c, fmt.Errorf("column %q is %s[], which cannot be drawn; cast it, as in CAST(%s AS VARCHAR)", column, elem, name(column))
	}
	return outline{name: column, kind: report.Text, ddl: "VARCHAR"}, nil
}

// storedList is the select list that casts every column to the type it is kept as.
func storedList(columns []outline) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = fmt.Sprintf("CAST(%s AS %s) AS %s", name(c.name), c.ddl, name(c.name))
	}
	return strings.Join(list, ", ")
}

// value turns what the driver read into the kind's Go type.
func (c outline) value(v any, zone *time.Location) (any, error) {
	switch v := v.(type) {
	case nil, string, bool, int64:
		return v, nil
	case int8:
		return int64(v), nil
	case int16:
		return int64(v), nil
	case int32:
		return int64(v), nil
	case uint8:
		return int64(v), nil
	case uint16:
		return int64(v), nil
	case uint32:
		return int64(v), nil
	case duckdb.Decimal:
		return decimal.NewFromBigInt(v.Value, -int32(v.Scale)), nil
	case time.Time:
		switch {
		case c.infinite(v):
			return nil, &mistake{errors.New("an infinite date or time cannot be drawn; leave it out, as in nullif(valid_to, 'infinity')")}
		case c.kind == report.Date:
			return time.Date(v.Year(), v.Month(), v.Day(), 0, 0, 0, 0, time.UTC), nil
		case c.ddl == "TIMESTAMP": // a wall clock: read in the zone, not moved into it
			return time.Date(v.Year(), v.Month(), v.Day(), v.Hour(), v.Minute(), v.Second(), v.Nanosecond(), zone), nil
		default:
			return v.In(zone), nil
		}
	}
	return nil, fmt.Errorf("internal: a %T where a %s is wanted", v, c.kind)
}

// infinite recognises the engine's own infinities, as the driver tells them.
func (c outline) infinite(v time.Time) bool {
	if c.kind == report.Date {
		days := v.Unix() / secondsADay
		return days >= math.MaxInt32 || days <= -math.MaxInt32
	}
	micros := v.UnixMicro()
	return micros == math.MaxInt64 || micros == -math.MaxInt64
}

const secondsADay = 86_400
