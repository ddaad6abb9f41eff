package column

import "slices"

// Size is the largest number of rows in a batch: one vector of the engine, so that a batch is copied without being cut.
const Size = 2048

// Batch is up to Size rows, column by column. Its memory is used again after Reset; what a reader of it wants to keep, it copies.
type Batch struct {
	Vectors []Vector
	rows    int
	columns []Column
}

// Vector holds one column of a batch. Which slice is in use depends on the kind; it has length Size, or that of all elements
// in the child of a list. The slots of rows that are NULL hold anything.
type Vector struct {
	Type      Type
	Valid     []uint64 // bit i set: row i is not NULL
	Bools     []bool
	Int16s    []int16
	Int32s    []int32
	Int64s    []int64
	Float32s  []float32
	Float64s  []float64
	Int128s   []Int128
	Intervals []Span
	Data      []byte   // the values of Text and Bytes, one after the other
	Ends      []uint32 // where in Data, or in Child, the value of row i ends; it begins at the end of row i-1
	Child     *Vector  // the elements of all lists, one after the other
	elements  int      // of Child
}

// Span is the value of an Interval: three counts that are not carried over into one another, in the engine's own layout.
type Span struct {
	Months, Days int32
	Micros       int64
}

// Reset empties the batch for columns. Vectors are made on the first call and whenever the columns are others than before.
func (b *Batch) Reset(columns []Column) {
	b.rows = 0
	if !slices.Equal(b.columns, columns) {
		b.columns = slices.Clone(columns)
		b.Vectors = make([]Vector, len(columns))
		for i, c := range columns {
			b.Vectors[i].allocate(c.Type, Size)
		}
	}
	for i := range b.Vectors {
		b.Vectors[i].empty()
	}
}

// Len is the number of rows.
func (b *Batch) Len() int { return b.rows }

// Full reports whether no row can be added.
func (b *Batch) Full() bool { return b.rows == Size }

// Add counts one more row, which has been set in every vector at index Len. It panics when the batch is full: a reader asks
// Full first.
func (b *Batch) Add() {
	if b.rows == Size {
		panic("column: a row is added to a full batch")
	}
	b.rows++
}

func (v *Vector) allocate(t Type, size int) {
	v.Type = t
	v.Valid = make([]uint64, (size+63)/64)
	switch t.Kind {
	case Bool:
		v.Bools = make([]bool, size)
	case Int16:
		v.Int16s = make([]int16, size)
	case Int32, Date:
		v.Int32s = make([]int32, size)
	case Int64, Timestamp, TimestampTZ:
		v.Int64s = make([]int64, size)
	case Float32:
		v.Float32s = make([]float32, size)
	case Float64:
		v.Float64s = make([]float64, size)
	case Decimal, UUID:
		v.Int128s = make([]Int128, size)
	case Interval:
		v.Intervals = make([]Span, size)
	case Text, Bytes:
		v.Ends = make([]uint32, size)
	case List:
		v.Ends = make([]uint32, size)
		v.Child = new(Vector)
		v.Child.allocate(*t.Elem, size)
	}
}

func (v *Vector) empty() {
	clear(v.Valid)
	v.Data = v.Data[:0]
	if v.Child != nil {
		v.Child.empty()
		v.elements = 0
	}
}

// SetValid marks row i as not NULL.
func (v *Vector) SetValid(i int) { v.Valid[i>>6] |= 1 << (i & 63) }

// IsValid reports whether row i is not NULL.
func (v *Vector) IsValid(i int) bool { return v.Valid[i>>6]&(1<<(i&63)) != 0 }

// SetNull leaves row i NULL. Rows are set in order: Text, Bytes and List need every row's end, NULL or not.
func (v *Vector) SetNull(i int) {
	v.Valid[i>>6] &^= 1 << (i & 63)
	if v.Ends != nil {
		v.Ends[i] = uint32(len(v.Data) + v.elements) // one of them is always 0
	}
}

// SetBytes appends the value of row i of a Text or Bytes vector and marks it as not NULL.
func (v *Vector) SetBytes(i int, value []byte) {
	v.Data = append(v.Data, value...)
	v.Ends[i] = uint32(len(v.Data))
	v.SetValid(i)
}

// Value is the bytes of row i of a Text or Bytes vector. They are the batch's own: good until Reset.
func (v *Vector) Value(i int) []byte {
	start := uint32(0)
	if i > 0 {
		start = v.Ends[i-1]
	}
	return v.Data[start:v.Ends[i]]
}
