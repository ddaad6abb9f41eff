package source

import (
	"encoding/binary"
	"strconv"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/monthend/monthend/pipeline/column"
)

// encoder appends the value of row i of a vector, which is not NULL, as PostgreSQL writes it on the wire.
type encoder func(b []byte, v *column.Vector, i int) []byte

// wireOf is what PostgreSQL calls a type, and how it writes its values. Only types with one way to write a value are known: the
// digest of a query's rows is made of what was on the wire.
func wireOf(t column.Type) (oid uint32, encode encoder, known bool) {
	switch t.Kind {
	case column.Bool:
		return pgtype.BoolOID, func(b []byte, v *column.Vector, i int) []byte {
			if v.Bools[i] {
				return append(b, 1)
			}
			return append(b, 0)
		}, true
	case column.Int16:
		return pgtype.Int2OID, func(b []byte, v *column.Vector, i int) []byte {
			return binary.BigEndian.AppendUint16(b, uint16(v.Int16s[i]))
		}, true
	case column.Int32:
		return pgtype.Int4OID, func(b []byte, v *column.Vector, i int) []byte {
			return binary.BigEndian.AppendUint32(b, uint32(v.Int32s[i]))
		}, true
	case column.Int64:
		return pgtype.Int8OID, func(b []byte, v *column.Vector, i int) []byte {
			return binary.BigEndian.AppendUint64(b, uint64(v.Int64s[i]))
		}, true
	case column.Text:
		return pgtype.TextOID, func(b []byte, v *column.Vector, i int) []byte { return append(b, v.Value(i)...) }, true
	case column.Date:
		return pgtype.DateOID, func(b []byte, v *column.Vector, i int) []byte {
			return binary.BigEndian.AppendUint32(b, uint32(v.Int32s[i]-daysTo2000))
		}, true
	case column.Timestamp:
		return pgtype.TimestampOID, appendInstant, true
	case column.TimestampTZ:
		return pgtype.TimestamptzOID, appendInstant, true
	case column.UUID:
		return pgtype.UUIDOID, func(b []byte, v *column.Vector, i int) []byte {
			b = binary.BigEndian.AppendUint64(b, uint64(v.Int128s[i].Hi))
			return binary.BigEndian.AppendUint64(b, v.Int128s[i].Lo)
		}, true
	case column.Decimal:
		return pgtype.NumericOID, func(b []byte, v *column.Vector, i int) []byte { return appendNumeric(b, v.Int128s[i], t.Scale) }, true
	}
	return 0, nil, false
}

// PostgreSQL counts from 2000-01-01, in days and in microseconds.
const (
	daysTo2000   = 10_957
	microsTo2000 = daysTo2000 * 86_400 * 1_000_000
)

func appendInstant(b []byte, v *column.Vector, i int) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(v.Int64s[i]-microsTo2000))
}

// appendNumeric writes n divided by 10^scale as a numeric of that scale; see decodeNumeric for the form.
func appendNumeric(b []byte, n column.Int128, scale int) []byte {
	sign := uint16(numericPositive)
	if n.Hi < 0 {
		sign, n = numericNegative, n.Neg()
	}
	var text []byte
	if small, ok := n.Int64(); ok {
		text = strconv.AppendInt(make([]byte, 0, 48), small, 10)
	} else {
		text = n.Big().Append(make([]byte, 0, 48), 10)
	}
	// Zeros before and behind, so that the point lies between two groups of four digits.
	for len(text) < scale {
		text = append([]byte{'0'}, text...)
	}
	whole, fraction := text[:len(text)-scale], text[len(text)-scale:]
	groups := make([]uint16, 0, 12)
	for head := len(whole) % 4; len(whole) > 0; head = 4 {
		if head == 0 {
			head = 4
		}
		groups, whole = append(groups, group(whole[:head])), whole[head:]
	}
	weight := len(groups) - 1
	for len(fraction) > 0 {
		var four [4]byte
		copy(four[:], "0000")
		taken := copy(four[:], fraction)
		groups, fraction = append(groups, group(four[:])), fraction[taken:]
	}
	// Groups of zeros at either end are not written.
	for len(groups) > 0 && groups[len(groups)-1] == 0 {
		groups = groups[:len(groups)-1]
	}
	for len(groups) > 0 && groups[0] == 0 {
		groups, weight = groups[1:], weight-1
	}
	if len(groups) == 0 {
		weight, sign = 0, numericPositive
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(groups)))
	b = binary.BigEndian.AppendUint16(b, uint16(int16(weight)))
	b = binary.BigEndian.AppendUint16(b, sign)
	b = binary.BigEndian.AppendUint16(b, uint16(scale))
	for _, g := range groups {
		b = binary.BigEndian.AppendUint16(b, g)
	}
	return b
}

func group(digits []byte) (n uint16) {
	for _, d := range digits {
		n = 10*n + uint16(d-'0')
	}
	return n
}

func appendLength(b []byte, length uint32) []byte { return binary.BigEndian.AppendUint32(b, length) }
