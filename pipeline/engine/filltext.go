//go:build cgo

package engine

import (
	"encoding/binary"
	"errors"
	"runtime"
	"unicode/utf8"
	"unsafe"

	"github.com/monthend/monthend/pipeline/column"
)

// inlined is how long a text may be that DuckDB keeps in the vector itself.
const inlined = 12

// engineText is duckdb_string_t on a little-endian machine, which all are that DuckDB is built for here: the length and the
// first four bytes, then the next eight bytes of a short text or the address of a longer one.
type engineText [2]uint64

// putStrings writes the texts of v. The engine copies what it keeps when it stores the chunk; until then longer ones stay
// in v's own memory, which pin keeps where it is.
func putStrings(data unsafe.Pointer, v *column.Vector, rows int, pin *runtime.Pinner) (row int, err error) {
	if row, err := checkText(v, rows); err != nil {
		return row, err
	}
	if len(v.Data) > 0 {
		pin.Pin(unsafe.SliceData(v.Data))
	}
	out := unsafe.Slice((*engineText)(data), rows)
	// Short texts are read in whole words where the memory behind them is still ours.
	words := v.Data[:cap(v.Data)]
	start := uint32(0)
	for i, end := range v.Ends[:rows] {
		length := end - start
		switch {
		case length > inlined:
			text := v.Data[start:end]
			out[i] = engineText{uint64(length) | uint64(binary.LittleEndian.Uint32(text))<<32, uint64(uintptr(unsafe.Pointer(&text[0])))}
		case int(start)+inlined <= len(words):
			out[i] = shortText(words[start:start+inlined], length)
		default:
			var last [inlined]byte
			copy(last[:], v.Data[start:end])
			out[i] = shortText(last[:], length)
		}
		start = end
	}
	return 0, nil
}

// shortText keeps the first length of 12 bytes; those behind must be zero, since the engine compares whole words.
func shortText(bytes []byte, length uint32) engineText {
	first, rest := binary.LittleEndian.Uint32(bytes), binary.LittleEndian.Uint64(bytes[4:])
	if length < 4 {
		return engineText{uint64(length) | uint64(first&(1<<(8*length)-1))<<32, 0}
	}
	return engineText{uint64(length) | uint64(first)<<32, rest & (1<<(8*(length-4)) - 1)}
}

var errNotUTF8 = errors.New("the text is not valid UTF-8")

// checkText refuses what is not UTF-8: the engine would too, without naming the row.
func checkText(v *column.Vector, rows int) (row int, err error) {
	if v.Type.Kind != column.Text {
		return 0, nil
	}
	if !utf8.Valid(v.Data) {
		for i := range rows {
			if !utf8.Valid(v.Value(i)) {
				return i, errNotUTF8
			}
		}
		return rows - 1, errNotUTF8
	}
	// All values together being valid does not make each of them so: none may begin inside a character.
	for i, end := range v.Ends[:rows] {
		if int(end) < len(v.Data) && !utf8.RuneStart(v.Data[end]) {
			return i, errNotUTF8
		}
	}
	return 0, nil
}
