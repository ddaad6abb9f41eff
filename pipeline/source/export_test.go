package source

import (
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/monthend/monthend/pipeline/column"
	"github.com/monthend/monthend/report"
)

// DecodeNumeric is under test apart from a server: it parses what others wrote.
var DecodeNumeric = decodeNumeric

// Bind is too; offset turns a place in the text it makes into one of the query.
func Bind(q report.Extract, p Params) (sql string, args []string, offset func(position int32) int, err error) {
	b, err := bind(q, p)
	for _, arg := range b.args {
		args = append(args, string(arg))
	}
	return b.sql, args, b.offset, err
}

// Decode decodes one value of a type that every database has, an array among them.
func Decode(oid uint32, raw []byte) (*column.Vector, error) {
	types := catalog{}
	for array, elem := range map[uint32]uint32{pgtype.Int4ArrayOID: pgtype.Int4OID, pgtype.TextArrayOID: pgtype.TextOID, pgtype.NumericArrayOID: pgtype.NumericOID} {
		types[array] = catalogType{form: formArray, below: elem}
	}
	t, decode, err := types.resolve(oid, -1)
	if err != nil {
		return nil, err
	}
	var b column.Batch
	b.Reset([]column.Column{{Name: "v", Type: t}})
	return &b.Vectors[0], decode(raw, &b.Vectors[0], 0)
}
