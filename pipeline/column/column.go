// Package column is the neutral form of rows on their way into the engine: batches of typed columns that a reader fills
// again and again. It stands between source and engine and imports nothing of ours. It does not know where rows come
// from, and it does not compute with them.
package column

import (
	"errors"
	"fmt"
)

// Kind is the physical kind of a column.
type Kind uint8

// The kinds, with what a Vector holds for each. JSON travels as Text.
const (
	Invalid     Kind = iota
	Bool             // Vector.Bools
	Int16            // Vector.Int16s
	Int32            // Vector.Int32s
	Int64            // Vector.Int64s
	Decimal          // Vector.Int128s, the value times 10^Scale
	Float32          // Vector.Float32s
	Float64          // Vector.Float64s
	Text             // Vector.Data and Vector.Ends, UTF-8
	Bytes            // Vector.Data and Vector.Ends
	Date             // Vector.Int32s, days since 1970-01-01; ±math.MaxInt32 is infinite
	Timestamp        // Vector.Int64s, microseconds since 1970-01-01 on the wall clock; ±math.MaxInt64 is infinite
	TimestampTZ      // Vector.Int64s, microseconds since 1970-01-01 UTC; ±math.MaxInt64 is infinite
	UUID             // Vector.Int128s, the 16 bytes as a big-endian number
	Interval         // Vector.Intervals
	List             // Vector.Ends and Vector.Child
)

var kindNames = [...]string{"invalid", "bool", "int16", "int32", "int64", "decimal", "float32", "float64", "text", "bytes", "date",
	"timestamp", "timestamptz", "uuid", "interval", "list"}

// String is the kind's name in lower case.
func (k Kind) String() string {
	if int(k) >= len(kindNames) {
		return fmt.Sprintf("kind %d", uint8(k))
	}
	return kindNames[k]
}

// MaxPrecision is how many digits a Decimal can have.
const MaxPrecision = 38

// Type is the type of a column. Precision and Scale are set for Decimal only: 1 ≤ Precision ≤ 38, 0 ≤ Scale ≤ Precision.
// Elem is set for List only: the type of its elements, which is no list.
type Type struct {
	Kind      Kind
	Precision int
	Scale     int
	Elem      *Type
}

// Check reports a type that no vector can hold.
func (t Type) Check() error {
	if t.Kind == Invalid || int(t.Kind) >= len(kindNames) {
		return fmt.Errorf("%s is no column type", t.Kind)
	}
	if t.Kind == Decimal && (t.Precision < 1 || t.Precision > MaxPrecision || t.Scale < 0 || t.Scale > t.Precision) {
		return fmt.Errorf("decimal(%d,%d) is outside 1 to %d digits", t.Precision, t.Scale, MaxPrecision)
	}
	switch {
	case (t.Kind == List) != (t.Elem != nil):
		return fmt.Errorf("%s: a list, and nothing else, has elements", t.Kind)
	case t.Kind != List:
		return nil
	case t.Elem.Kind == List:
		return errors.New("a list of lists is no column type")
	}
	return t.Elem.Check()
}

// Column is the name and type of one column.
type Column struct {
	Name string
	Type Type
}

// Reader hands out rows in batches. It is used by one goroutine at a time.
type Reader interface {
	// Columns are the columns of every batch, known before the first Next.
	Columns() []Column
	// Next empties the batch and fills it with up to Size rows. At the end it returns io.EOF and an empty batch; after an
	// error, io.EOF included, it returns the same error again.
	Next(*Batch) error
}
