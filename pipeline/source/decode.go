package source

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/monthend/monthend/pipeline/column"
)

// decoder sets row i of a vector from a value on the wire that is not NULL.
type decoder func(raw []byte, v *column.Vector, i int) error

func errLength(n int) error { return fmt.Errorf("%d bytes are not of this type", n) }

// PostgreSQL counts days and microseconds from 2000-01-01, a column from 1970-01-01.
const (
	epochDays   = 10_957
	epochMicros = epochDays * 86_400_000_000
	firstDay    = -2_451_545               // PostgreSQL's first date, in 4714 BC
	firstMicros = -211_813_488_000_000_000 // and timestamp
)

func decodeBool(raw []byte, v *column.Vector, i int) error {
	if len(raw) != 1 || raw[0] > 1 {
		return errLength(len(raw))
	}
	v.Bools[i] = raw[0] == 1
	v.SetValid(i)
	return nil
}

func decodeInt16(raw []byte, v *column.Vector, i int) error {
	if len(raw) != 2 {
		return errLength(len(raw))
	}
	v.Int16s[i] = int16(binary.BigEndian.Uint16(raw))
	v.SetValid(i)
	return nil
}

func decodeInt32(raw []byte, v *column.Vector, i int) error {
	if len(raw) != 4 {
		return errLength(len(raw))
	}
	v.Int32s[i] = int32(binary.BigEndian.Uint32(raw))
	v.SetValid(i)
	return nil
}

func decodeInt64(raw []byte, v *column.Vector, i int) error {
	if len(raw) != 8 {
		return errLength(len(raw))
	}
	v.Int64s[i] = int64(binary.BigEndian.Uint64(raw))
	v.SetValid(i)
	return nil
}

func decodeFloat32(raw []byte, v *column.Vector, i int) error {
	if len(raw) != 4 {
		return errLength(len(raw))
	}
	v.Float32s[i] = math.Float32frombits(binary.BigEndian.Uint32(raw))
	v.SetValid(i)
	return nil
}

func decodeFloat64(raw []byte, v *column.Vector, i int) error {
	if len(raw) != 8 {
		return errLength(len(raw))
	}
	v.Float64s[i] = math.Float64frombits(binary.BigEndian.Uint64(raw))
	v.SetValid(i)
	return nil
}

func decodeBytes(raw []byte, v *column.Vector, i int) error {
	v.SetBytes(i, raw)
	return nil
}

// decodePadded drops the blanks that char(n) is filled up with; they mean nothing in PostgreSQL and would in the engine.
func decodePadded(raw []byte, v *column.Vector, i int) error {
	v.SetBytes(i, bytes.TrimRight(raw, " "))
	return nil
}

// decodeJSONB drops the version that stands before the text.
func decodeJSONB(raw []byte, v *column.Vector, i int) error {
	if len(raw) == 0 || raw[0] != 1 {
		return errors.New("the jsonb is of an unknown version")
	}
	v.SetBytes(i, raw[1:])
	return nil
}

// decodeDate carries infinity as the engine's own: it lies beyond every day, and a valid_to of infinity is common.
func decodeDate(raw []byte, v *column.Vector, i int) error {
	if err := decodeInt32(raw, v, i); err != nil {
		return err
	}
	switch days := v.Int32s[i]; {
	case days == math.MaxInt32:
	case days == math.MinInt32:
		v.Int32s[i] = -math.MaxInt32
	case days >= math.MaxInt32-epochDays || days < firstDay:
		return errors.New("the date is too far away")
	default:
		v.Int32s[i] = days + epochDays
	}
	return nil
}

// decodeTimestamp carries infinity like decodeDate.
func decodeTimestamp(raw []byte, v *column.Vector, i int) error {
	if err := decodeInt64(raw, v, i); err != nil {
		return err
	}
	switch micros := v.Int64s[i]; {
	case micros == math.MaxInt64:
	case micros == math.MinInt64:
		v.Int64s[i] = -math.MaxInt64
	case micros >= math.MaxInt64-epochMicros || micros < firstMicros:
		return errors.New("the timestamp is too far away")
	default:
		v.Int64s[i] = micros + epochMicros
	}
	return nil
}

func decodeUUID(raw []byte, v *column.Vector, i int) error {
	if len(raw) != 16 {
		return errLength(len(raw))
	}
	v.Int128s[i] = column.Int128{Hi: int64(binary.BigEndian.Uint64(raw)), Lo: binary.BigEndian.Uint64(raw[8:])}
	v.SetValid(i)
	return nil
}

// decodeInterval keeps months, days and microseconds apart, as both sides do.
func decodeInterval(raw []byte, v *column.Vector, i int) error {
	if len(raw) != 16 {
		return errLength(len(raw))
	}
	span := column.Span{
		Micros: int64(binary.BigEndian.Uint64(raw)),
		Days:   int32(binary.BigEndian.Uint32(raw[8:])),
		Months: int32(binary.BigEndian.Uint32(raw[12:])),
	}
	if span == (column.Span{Micros: math.MaxInt64, Days: math.MaxInt32, Months: math.MaxInt32}) ||
		span == (column.Span{Micros: math.MinInt64, Days: math.MinInt32, Months: math.MinInt32}) {
		return errors.New("an infinite interval has no length")
	}
	v.Intervals[i] = span
	v.SetValid(i)
	return nil
}

// decodeChar reads the one byte of "char"; zero stands for an empty text.
func decodeChar(raw []byte, v *column.Vector, i int) error {
	if len(raw) != 1 {
		return errLength(len(raw))
	}
	v.SetBytes(i, bytes.TrimRight(raw, "\x00"))
	return nil
}

// decodeList reads an array of one dimension whose elements have the type elem. Where its subscripts begin is not kept.
//
// On the wire: int32 dimensions, int32 flag for NULLs, uint32 type of the elements; for each dimension int32 length and int32
// first subscript; for each element int32 length, -1 for NULL, and the value.
func decodeList(elem uint32, decode decoder) decoder {
	return func(raw []byte, v *column.Vector, i int) error {
		if len(raw) < 12 {
			return errLength(len(raw))
		}
		if sent := binary.BigEndian.Uint32(raw[8:]); sent != elem {
			return fmt.Errorf("the elements are of type %d, not %d", sent, elem)
		}
		if elem >= firstOwnType {
			clear(raw[8:12]) // equal rows of another database, where the type has another number, have an equal digest
		}
		dimensions := int32(binary.BigEndian.Uint32(raw))
		if dimensions == 0 && len(raw) == 12 {
			v.SetList(i, 0)
			return nil
		}
		if dimensions != 1 {
			return errDimensions(dimensions)
		}
		if len(raw) < 20 {
			return errLength(len(raw))
		}
		// Each element has its length at least: a count that the bytes do not bear out allocates nothing.
		n, rest := int(int32(binary.BigEndian.Uint32(raw[12:]))), raw[20:]
		if n < 0 || n > len(rest)/4 {
			return errLength(len(raw))
		}
		child, first := v.SetList(i, n)
		for k := first; k < first+n; k++ {
			if len(rest) < 4 {
				return errLength(len(raw))
			}
			length := int(int32(binary.BigEndian.Uint32(rest)))
			rest = rest[4:]
			if length == -1 {
				child.SetNull(k)
				continue
			}
			if length < 0 || length > len(rest) {
				return errLength(len(raw))
			}
			if err := decode(rest[:length], child, k); err != nil {
				return fmt.Errorf("element %d: %w", k-first+1, err)
			}
			rest = rest[length:]
		}
		if len(rest) > 0 {
			return errLength(len(raw))
		}
		return nil
	}
}

// errDimensions is the number of dimensions of an array that is no list.
type errDimensions int32

func (e errDimensions) Error() string { return fmt.Sprintf("the array has %d dimensions", int32(e)) }
