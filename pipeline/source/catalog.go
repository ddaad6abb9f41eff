package source

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// catalog is what the server's catalog says about the types that are a database's own, by their number. A snapshot asks for
// those that its queries bring, once.
type catalog map[uint32]catalogType

type catalogType struct {
	name     string // as in SQL
	form     form
	below    uint32 // of a domain the type it limits, of an array that of its elements
	modifier int32  // of a domain, for the type below
}

type form string

const (
	formEnum   form = "enum"
	formDomain form = "domain"
	formArray  form = "array"
	formOther  form = "other"
)

// catalogQuery follows domains and arrays down to the types below them. array_send is how a true array is written; others that
// have elements are written in ways of their own.
const catalogQuery = `
WITH RECURSIVE needed AS (
	SELECT unnest($1::pg_catalog.oid[]) AS oid
	UNION
	SELECT CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.typelem END
	  FROM needed n JOIN pg_catalog.pg_type t ON t.oid = n.oid
	 WHERE t.typtype = 'd' OR t.typelem <> 0
)
SELECT t.oid, pg_catalog.format_type(t.oid, NULL),
       CASE WHEN t.typtype = 'e' THEN 'enum'
            WHEN t.typtype = 'd' THEN 'domain'
            WHEN t.typtype = 'b' AND t.typelem <> 0 AND t.typsend = 'pg_catalog.array_send'::pg_catalog.regproc THEN 'array'
            ELSE 'other' END,
       CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.typelem END, t.typtypmod
  FROM needed n JOIN pg_catalog.pg_type t ON t.oid = n.oid`

// unknown are the types of fields that only the catalog can tell, each once.
func (c catalog) unknown(fields []pgconn.FieldDescription) (list []uint32) {
	seen := map[uint32]bool{pgtype.NumericOID: true}
	for _, f := range fields {
		oid := f.DataTypeOID
		_, asked := c[oid]
		if _, plain := scalars[oid]; !plain && !asked && !seen[oid] {
			list = append(list, oid)
		}
		seen[oid] = true
	}
	return list
}

// learn asks the server for types. The unnamed statement of the session is another's afterwards.
func (c catalog) learn(ctx context.Context, conn *pgconn.PgConn, oids []uint32) error {
	list := make([]string, len(oids))
	for i, oid := range oids {
		list[i] = strconv.FormatUint(uint64(oid), 10)
	}
	result := conn.ExecParams(ctx, catalogQuery, [][]byte{[]byte("{" + strings.Join(list, ",") + "}")}, nil, nil, nil).Read()
	if result.Err != nil {
		return explain(context.Cause(ctx), result.Err, nil)
	}
	for _, row := range result.Rows {
		var numbers [3]int64
		for i, column := range [3]int{0, 3, 4} {
			n, err := strconv.ParseInt(string(row[column]), 10, 64)
			if err != nil {
				return mistake("the server's catalog has a type number %q", row[column])
			}
			numbers[i] = n
		}
		c[uint32(numbers[0])] = catalogType{name: string(row[1]), form: form(row[2]), below: uint32(numbers[1]), modifier: int32(numbers[2])}
	}
	return nil
}

// name is the type's name in SQL, as far as it is known.
func (c catalog) name(oid uint32) string {
	if t, found := c[oid]; found {
		return t.name
	}
	return fmt.Sprintf("type %d", oid)
}
