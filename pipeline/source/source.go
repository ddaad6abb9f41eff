// Package source is where rows come from: PostgreSQL, read in one snapshot and decoded from the wire straight into columns.
// It stands below pipeline and beside engine, which takes its rows as a column.Reader. It does not write, check or keep
// anything, and it does not know which report the rows are for.
//
// How values travel: numeric keeps the digits of its declared type (up to 38), and without one it is read as numeric(38,10);
// text is UTF-8, as are enums, json and jsonb, and char(n) loses its padding as in a cast to text. A domain is the type below
// it. An array of one dimension is a list, whatever its first subscript; an interval keeps its months, days and microseconds
// apart. Infinite dates and timestamps are the engine's own infinities. What has no exact place is an error with column and
// row, never a rounded or a missing value: NaN and infinite numerics, infinite intervals, more digits than the type has.
package source
