package source

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/monthend/monthend/pipeline/column"
)

// scalars are the types that every database has under the same number, numeric apart.
var scalars = map[uint32]struct {
	kind   column.Kind
	decode decoder
}{
	pgtype.BoolOID:        {column.Bool, decodeBool},
	pgtype.Int2OID:        {column.Int16, decodeInt16},
	pgtype.Int4OID:        {column.Int32, decodeInt32},
	pgtype.Int8OID:        {column.Int64, decodeInt64},
	pgtype.Float4OID:      {column.Float32, decodeFloat32},
	pgtype.Float8OID:      {column.Float64, decodeFloat64},
	pgtype.TextOID:        {column.Text, decodeBytes},
	pgtype.VarcharOID:     {column.Text, decodeBytes},
	pgtype.NameOID:        {column.Text, decodeBytes},
	pgtype.BPCharOID:      {column.Text, decodePadded},
	pgtype.QCharOID:       {column.Text, decodeChar},
	pgtype.JSONOID:        {column.Text, decodeBytes},
	pgtype.JSONBOID:       {column.Text, decodeJSONB},
	pgtype.ByteaOID:       {column.Bytes, decodeBytes},
	pgtype.DateOID:        {column.Date, decodeDate},
	pgtype.TimestampOID:   {column.Timestamp, decodeTimestamp},
	pgtype.TimestamptzOID: {column.TimestampTZ, decodeTimestamp},
	pgtype.IntervalOID:    {column.Interval, decodeInterval},
	pgtype.UUIDOID:        {column.UUID, decodeUUID},
}

// casts are what to write for a type that is not supported, where text is not the best.
var casts = map[string]string{"money": "numeric(38,2)", "oid": "bigint", "xid8": "bigint"}

// columnOf maps a described column to its type and decoder; what has none is an error that names the cast.
func (c catalog) columnOf(f pgconn.FieldDescription) (column.Column, decoder, error) {
	t, decode, err := c.resolve(f.DataTypeOID, f.TypeModifier)
	brackets := ""
	if c[f.DataTypeOID].form == formArray {
		brackets = "[]"
	}
	var wide errTooPrecise
	switch {
	case errors.As(err, &wide):
		return column.Column{}, nil, fmt.Errorf("column %q is %v; cast it, as in %s::numeric(38,2)%s", f.Name, err, f.Name, brackets)
	case err != nil:
		cast := cmp.Or(casts[c.name(f.DataTypeOID)], "text")
		return column.Column{}, nil, fmt.Errorf("column %q is %v, which is not supported; cast it, as in %s::%s%s", f.Name, err, f.Name, cast, brackets)
	}
	return column.Column{Name: f.Name, Type: t}, decode, nil
}

// resolve maps a type with its modifier. The error is the name of the type that stands in the way.
func (c catalog) resolve(oid uint32, modifier int32) (column.Type, decoder, error) {
	if s, found := scalars[oid]; found {
		return column.Type{Kind: s.kind}, s.decode, nil
	}
	if oid == pgtype.NumericOID {
		return numericOf(modifier)
	}
	switch t := c[oid]; t.form {
	case formEnum:
		return column.Type{Kind: column.Text}, decodeBytes, nil
	case formDomain:
		// Of a column the server itself tells the type below; here it is the domain of an array's elements.
		return c.resolve(t.below, t.modifier)
	case formArray:
		elem, decode, err := c.resolve(t.below, modifier)
		if err == nil && elem.Kind == column.List {
			err = errors.New(c.name(t.below))
		}
		if err != nil {
			return column.Type{}, nil, fmt.Errorf("an array of %w", err)
		}
		return column.Type{Kind: column.List, Elem: &elem}, decodeList(t.below, decode), nil
	}
	return column.Type{}, nil, errors.New(c.name(oid))
}

// inferred is the type of a numeric without precision and scale. A cast to fewer decimals would round in the server; this takes
// every value as it is or refuses it.
var inferred = column.Type{Kind: column.Decimal, Precision: column.MaxPrecision, Scale: 10}

func numericOf(modifier int32) (column.Type, decoder, error) {
	if modifier < 4 {
		return inferred, func(raw []byte, v *column.Vector, i int) error {
			if err := decodeDecimal(raw, v, i, inferred); err != nil {
				return fmt.Errorf("%w; numeric without precision is read as numeric(%d,%d): declare another, as in ::numeric(38,18)",
					err, inferred.Precision, inferred.Scale)
			}
			return nil
		}, nil
	}
	t, err := numericType(modifier)
	if err != nil {
		return t, nil, err
	}
	return t, func(raw []byte, v *column.Vector, i int) error { return decodeDecimal(raw, v, i, t) }, nil
}

func decodeDecimal(raw []byte, v *column.Vector, i int, t column.Type) (err error) {
	v.Int128s[i], err = decodeNumeric(raw, t.Precision, t.Scale)
	v.SetValid(i)
	return err
}

// errTooPrecise is a declared number of digits that no Decimal has.
type errTooPrecise int

func (e errTooPrecise) Error() string {
	return fmt.Sprintf("numeric with %d digits, more than %d", int(e), column.MaxPrecision)
}

// numericType reads precision and scale out of the type modifier. A negative scale is taken as that many digits more, a scale
// above the precision as zeros behind the point.
func numericType(modifier int32) (column.Type, error) {
	precision := int(modifier-4) >> 16 & 0xFFFF
	scale := int((modifier-4)&0x7FF^1024) - 1024 // 11 bits, signed
	if scale < 0 {
		precision, scale = precision-scale, 0
	}
	precision = max(precision, scale)
	if precision > column.MaxPrecision {
		return column.Type{}, errTooPrecise(precision)
	}
	return column.Type{Kind: column.Decimal, Precision: precision, Scale: scale}, nil
}
