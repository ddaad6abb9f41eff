package source

import "github.com/monthend/monthend/report"

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
