// Package sheet writes workbooks of the XLSX format (ECMA-376) as a stream: rows go out as they come, so memory does not grow
// with them. It stands on the ground floor below format and knows cells, styles, charts and paper, but nothing of reports. It
// does not read workbooks, holds no rows, computes no formula, and reads no clock: the same calls give the same bytes.
package sheet

import "errors"

// The limits of the format. Texts are counted in UTF-16 units.
const (
	MaxRows    = 1_048_576
	MaxColumns = 16_384
	MaxText    = 32_767
	MaxName    = 31
	MaxDigits  = 15 // of a number: readers compute in doubles
)

// Stat counts what could not be written as it was given; a caller says so to the reader.
type Stat struct {
	Wide     int64 // numbers of more than MaxDigits digits, written as text, whole
	Cut      int64 // texts longer than MaxText, cut and ended by "…"
	Replaced int64 // texts with characters that XML forbids, each replaced by U+FFFD
	Undated  int64 // dates that no reader counts alike, before March 1900 or after 9999, written as text
}

func (s *Stat) add(t Stat) {
	s.Wide += t.Wide
	s.Cut += t.Cut
	s.Replaced += t.Replaced
	s.Undated += t.Undated
}

var (
	errOpen   = errors.New("sheet: another sheet is open")
	errClosed = errors.New("sheet: the sheet is closed or has no row yet")
)
