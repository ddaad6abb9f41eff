//go:build cgo

package engine

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/monthend/monthend/pipeline/column"
)

// fill copies the first rows of v into vector, whose type is that of v and which has room for as many. Longer texts are not
// copied: the vector points at them where they are, and pin holds them there. An error comes with the row, counted from 0.
func fill(vector mapping.Vector, v *column.Vector, rows int, pin *runtime.Pinner) (row int, err error) {
	fillValidity(vector, v, rows)
	data := mapping.VectorGetData(vector)
	switch v.Type.Kind {
	case column.Bool:
		put(data, v.Bools[:rows])
	case column.Int16:
		put(data, v.Int16s[:rows])
	case column.Int32, column.Date:
		put(data, v.Int32s[:rows])
	case column.Int64, column.Timestamp, column.TimestampTZ:
		put(data, v.Int64s[:rows])
	case column.Float32:
		put(data, v.Float32s[:rows])
	case column.Float64:
		put(data, v.Float64s[:rows])
	case column.UUID:
		putUUID(data, v.Int128s[:rows])
	case column.Decimal:
		return putDecimal(data, v, rows)
	case column.Interval:
		put(data, v.Intervals[:rows])
	case column.Text, column.Bytes:
		return putStrings(data, v, rows, pin)
	case column.List:
		return putLists(vector, v, rows, pin)
	default:
		return 0, fmt.Errorf("internal: no vector of %s", v.Type.Kind)
	}
	return 0, nil
}

// fillCodes copies the numbers of words.
func fillCodes(vector mapping.Vector, v *column.Vector, codes []uint8) {
	fillValidity(vector, v, len(codes))
	put(mapping.VectorGetData(vector), codes)
}

func fillValidity(vector mapping.Vector, v *column.Vector, rows int) {
	mapping.VectorEnsureValidityWritable(vector)
	words := (rows + 63) / 64
	copy(unsafe.Slice((*uint64)(mapping.VectorGetValidity(vector)), words), v.Valid[:words])
}

func put[T any](data unsafe.Pointer, values []T) {
	copy(unsafe.Slice((*T)(data), len(values)), values)
}

// putUUID flips the highest bit: DuckDB keeps a UUID so that signed comparison gives the order of the bytes.
func putUUID(data unsafe.Pointer, values []column.Int128) {
	out := unsafe.Slice((*column.Int128)(data), len(values))
	for i, v := range values {
		out[i] = column.Int128{Lo: v.Lo, Hi: v.Hi ^ (-1 << 63)}
	}
}

// putDecimal narrows to the integer that DuckDB keeps a decimal of that precision in. What has too many digits is refused,
// never cut.
func putDecimal(data unsafe.Pointer, v *column.Vector, rows int) (row int, err error) {
	limit := column.PowerOfTen(v.Type.Precision)
	for i, d := range v.Int128s[:rows] {
		if !d.Within(limit) && v.IsValid(i) {
			return i, fmt.Errorf("a value has too many digits for decimal(%d,%d)", v.Type.Precision, v.Type.Scale)
		}
	}
	switch p := v.Type.Precision; {
	case p <= 4:
		narrow[int16](data, v.Int128s[:rows])
	case p <= 9:
		narrow[int32](data, v.Int128s[:rows])
	case p <= 18:
		narrow[int64](data, v.Int128s[:rows])
	default:
		put(data, v.Int128s[:rows])
	}
	return 0, nil
}

func narrow[T int16 | int32 | int64](data unsafe.Pointer, values []column.Int128) {
	out := unsafe.Slice((*T)(data), len(values))
	for i, d := range values {
		out[i] = T(d.Lo)
	}
}
