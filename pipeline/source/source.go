// Package source is where rows come from: PostgreSQL, read in one snapshot and decoded from the wire straight into columns.
// It stands below pipeline and beside engine, which takes its rows as a column.Reader. It does not write, check or keep
// anything, and it does not know which report the rows are for.
//
// How values travel: numeric keeps the digits of its declared type (up to 38), text is UTF-8, json and jsonb are text, and
// char(n) loses its padding as in a cast to text. What has no exact place is an error with column and row, never a
// rounded or a missing value: NaN and infinite numerics, infinite dates and timestamps.
package source
