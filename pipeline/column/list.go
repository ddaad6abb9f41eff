package column

import (
	"math"
	"slices"
)

// MaxElements is how many elements the lists of one vector can have together.
const MaxElements = math.MaxInt32

// SetList makes row i of a List vector a list of n elements and marks it as not NULL. The elements are then set in child, each
// NULL or not, from row first on. It panics beyond MaxElements, which no batch of bounded size reaches.
func (v *Vector) SetList(i, n int) (child *Vector, first int) {
	first = v.elements
	if n < 0 || n > MaxElements-first {
		panic("column: a list of too many elements")
	}
	v.elements += n
	v.Ends[i] = uint32(v.elements)
	v.SetValid(i)
	v.Child.grow(v.elements)
	return v.Child, first
}

// Elements is how many elements the lists have together.
func (v *Vector) Elements() int { return v.elements }

// grow makes room for size rows and keeps those there are.
func (v *Vector) grow(size int) {
	v.Valid = extend(v.Valid, (size+63)/64)
	switch v.Type.Kind {
	case Bool:
		v.Bools = extend(v.Bools, size)
	case Int16:
		v.Int16s = extend(v.Int16s, size)
	case Int32, Date:
		v.Int32s = extend(v.Int32s, size)
	case Int64, Timestamp, TimestampTZ:
		v.Int64s = extend(v.Int64s, size)
	case Float32:
		v.Float32s = extend(v.Float32s, size)
	case Float64:
		v.Float64s = extend(v.Float64s, size)
	case Decimal, UUID:
		v.Int128s = extend(v.Int128s, size)
	case Interval:
		v.Intervals = extend(v.Intervals, size)
	case Text, Bytes:
		v.Ends = extend(v.Ends, size)
	}
}

func extend[T any](s []T, size int) []T {
	if size <= len(s) {
		return s
	}
	// To the end of what append would take: a batch grows a few times in its life, not with every list.
	s = slices.Grow(s, size-len(s))
	fresh := s[len(s):cap(s)]
	clear(fresh)
	return s[:cap(s)]
}
