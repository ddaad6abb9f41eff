package source

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/monthend/monthend/pipeline/column"
)

// decoder sets row i of a vector from a value on the wire that is not NULL.
type decoder func(raw []byte, v *column.Vector, i int) error

func errLength(n int) error { return fmt.Errorf("%d bytes are not of this type", n) }

// PostgreSQL counts days and microseconds from 2000-01-01, a column from 1970-01-01.
const (
	epochDays   = 10_957
	epochMicros = epochDays * 86_400_000_000
)

// columnOf maps a described column to its type and decoder; what has none is an error that names the cast.
func columnOf(f pgconn.FieldDescription, types *pgtype.Map) (column.Column, decoder, error) {
	c := column.Column{Name: f.Name}
	scalar := func(kind column.Kind, decode decoder) (column.Column, decoder, error) {
		c.Type.Kind = kind
		return c, decode, nil
	}
	switch f.DataTypeOID {
	case pgtype.BoolOID:
		return scalar(column.Bool, decodeBool)
	case pgtype.Int2OID:
		return scalar(column.Int16, decodeInt16)
	case pgtype.Int4OID:
		return scalar(column.Int32, decodeInt32)
	case pgtype.Int8OID:
		return scalar(column.Int64, decodeInt64)
	case pgtype.Float4OID:
		return scalar(column.Float32, decodeFloat32)
	case pgtype.Float8OID:
		return scalar(column.Float64, decodeFloat64)
	case pgtype.TextOID, pgtype.VarcharOID, pgtype.NameOID, pgtype.JSONOID:
		return scalar(column.Text, decodeBytes)
	case pgtype.BPCharOID:
		return scalar(column.Text, decodePadded)
	case pgtype.JSONBOID:
		return scalar(column.Text, decodeJSONB)
	case pgtype.ByteaOID:
		return scalar(column.Bytes, decodeBytes)
	case pgtype.DateOID:
		return scalar(column.Date, decodeDate)
	case pgtype.TimestampOID:
		return scalar(column.Timestamp, decodeTimestamp)
	case pgtype.TimestamptzOID:
		return scalar(column.TimestampTZ, decodeTimestamp)
	case pgtype.UUIDOID:
		return scalar(column.UUID, decodeUUID)
	case pgtype.NumericOID:
		t, err := numericType(f.TypeModifier)
		if err != nil {
			return c, nil, mistake("column %q %v; cast it, as in %s::numeric(38,2)", f.Name, err, f.Name)
		}
		c.Type = t
		return c, func(raw []byte, v *column.Vector, i int) (err error) {
			v.Int128s[i], err = decodeNumeric(raw, t.Precision, t.Scale)
			v.SetValid(i)
			return err
		}, nil
	}
	name := fmt.Sprintf("type %d", f.DataTypeOID)
	if t, known := types.TypeForOID(f.DataTypeOID); known {
		name = t.Name
	}
	return c, nil, mistake("column %q is %s, which is not supported; cast it, as in %s::text", f.Name, name, f.Name)
}

// numericType reads precision and scale out of the type modifier. A negative scale is taken as that many digits more, a scale
// above the precision as zeros behind the point.
func numericType(modifier int32) (column.Type, error) {
	if modifier < 4 {
		return column.Type{}, errors.New("is numeric without precision and scale")
	}
	precision := int(modifier-4) >> 16 & 0xFFFF
	scale := int((modifier-4)&0x7FF^1024) - 1024 // 11 bits, signed
	if scale < 0 {
		precision, scale = precision-scale, 0
	}
	precision = max(precision, scale)
	if precision > column.MaxPrecision {
		return column.Type{}, fmt.Errorf("is numeric with %d digits, more than %d", precision, column.MaxPrecision)
	}
	return column.Type{Kind: column.Decimal, Precision: precision, Scale: scale}, nil
}

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

func decodeDate(raw []byte, v *column.Vector, i int) error {
	if err := decodeInt32(raw, v, i); err != nil {
		return err
	}
	days := v.Int32s[i]
	if days == math.MaxInt32 || days == math.MinInt32 {
		return errors.New("an infinite date is no day")
	}
	if days > math.MaxInt32-epochDays {
		return errors.New("the date is too far away")
	}
	v.Int32s[i] = days + epochDays
	return nil
}

func decodeTimestamp(raw []byte, v *column.Vector, i int) error {
	if err := decodeInt64(raw, v, i); err != nil {
		return err
	}
	micros := v.Int64s[i]
	if micros == math.MaxInt64 || micros == math.MinInt64 {
		return errors.New("an infinite timestamp is no instant")
	}
	// One below the largest int64: that one is the engine's own infinity.
	if micros >= math.MaxInt64-epochMicros {
		return errors.New("the timestamp is too far away")
	}
	v.Int64s[i] = micros + epochMicros
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
