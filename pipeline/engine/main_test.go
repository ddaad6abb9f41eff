package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"go.uber.org/goleak"

	"github.com/monthend/monthend/pipeline/column"
	"github.com/monthend/monthend/pipeline/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errCut = errors.New("the line was cut")

// table is a column.Reader over rows written as Go values: int, string, decimal.Decimal, bool, float64, time.Time, nil.
type table struct {
	columns []column.Column
	rows    [][]any
	next    int
	cut     int // a row at which the reader breaks off with errCut, 0 is none
}

func (t *table) Columns() []column.Column { return t.columns }

func (t *table) Next(b *column.Batch) error {
	b.Reset(t.columns)
	if t.next == len(t.rows) {
		return io.EOF
	}
	for ; t.next < len(t.rows) && !b.Full(); t.next++ {
		if t.cut > 0 && t.next == t.cut {
			return errCut
		}
		for c, value := range t.rows[t.next] {
			set(&b.Vectors[c], b.Len(), value)
		}
		b.Add()
	}
	return nil
}

func set(v *column.Vector, i int, value any) {
	switch value := value.(type) {
	case nil:
		v.SetNull(i)
		return
	case string:
		v.SetBytes(i, []byte(value))
	case []byte:
		v.SetBytes(i, value)
	case bool:
		v.Bools[i] = value
	case float64:
		v.Float64s[i] = value
	case decimal.Decimal:
		unscaled := value.Shift(int32(v.Type.Scale)).BigInt()
		low := new(big.Int).And(unscaled, new(big.Int).SetUint64(1<<64-1))
		v.Int128s[i] = column.Int128{Lo: low.Uint64(), Hi: new(big.Int).Rsh(unscaled, 64).Int64()}
	case time.Time:
		if v.Type.Kind == column.Date {
			v.Int32s[i] = int32(value.Unix() / 86400)
		} else {
			v.Int64s[i] = value.UnixMicro()
		}
	case int:
		switch v.Type.Kind {
		case column.Int16:
			v.Int16s[i] = int16(value)
		case column.Int32:
			v.Int32s[i] = int32(value)
		default:
			v.Int64s[i] = int64(value)
		}
	case int64:
		v.Int64s[i] = value
	default:
		panic(fmt.Sprintf("no test sets a %T", value))
	}
	v.SetValid(i)
}

// columns reads "id int64, amount decimal(18,2)".
func columns(spec string) []column.Column {
	kinds := map[string]column.Type{
		"bool": {Kind: column.Bool}, "int16": {Kind: column.Int16}, "int32": {Kind: column.Int32}, "int64": {Kind: column.Int64},
		"money": {Kind: column.Decimal, Precision: 18, Scale: 2}, "wide": {Kind: column.Decimal, Precision: 38, Scale: 4},
		"small": {Kind: column.Decimal, Precision: 4, Scale: 1}, "medium": {Kind: column.Decimal, Precision: 9, Scale: 3},
		"float64": {Kind: column.Float64}, "text": {Kind: column.Text}, "bytes": {Kind: column.Bytes}, "date": {Kind: column.Date},
		"timestamp": {Kind: column.Timestamp}, "timestamptz": {Kind: column.TimestampTZ}, "uuid": {Kind: column.UUID},
	}
	var list []column.Column
	for _, part := range strings.Split(spec, ",") {
		name, kind, _ := strings.Cut(strings.TrimSpace(part), " ")
		list = append(list, column.Column{Name: name, Type: kinds[kind]})
	}
	return list
}

func open(t testing.TB, cfg engine.Config) *engine.Workspace {
	t.Helper()
	if cfg.Spool == "" {
		cfg.Spool = t.TempDir()
	}
	w, err := engine.Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func load(t testing.TB, w *engine.Workspace, name, spec string, rows ...[]any) {
	t.Helper()
	n, err := w.Load(context.Background(), name, &table{columns: columns(spec), rows: rows})
	if err != nil {
		t.Fatal(err)
	}
	if n != int64(len(rows)) {
		t.Fatalf("loaded %d rows of %d", n, len(rows))
	}
}

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }
