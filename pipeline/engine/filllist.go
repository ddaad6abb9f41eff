//go:build cgo

package engine

import (
	"errors"
	"runtime"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/monthend/monthend/pipeline/column"
)

// listEntry is DuckDB's own: where in the child the elements of a row begin, and how many there are.
type listEntry struct{ offset, length uint64 }

// putLists lays the elements of all rows into the child and then says which are whose.
func putLists(vector mapping.Vector, v *column.Vector, rows int, pin *runtime.Pinner) (row int, err error) {
	elements := v.Elements()
	// Before the child's memory is asked for: making room may move it.
	if mapping.ListVectorReserve(vector, mapping.IdxT(elements)) == mapping.StateError ||
		mapping.ListVectorSetSize(vector, mapping.IdxT(elements)) == mapping.StateError {
		return 0, errors.New("the engine has no room for the elements of a list")
	}
	if at, err := fill(mapping.ListVectorGetChild(vector), v.Child, elements, pin); err != nil {
		return rowOf(v, at), err
	}
	entries := unsafe.Slice((*listEntry)(mapping.VectorGetData(vector)), rows)
	start := uint64(0)
	for i := range entries {
		end := uint64(v.Ends[i])
		entries[i] = listEntry{offset: start, length: end - start}
		start = end
	}
	return 0, nil
}

// rowOf is the row that an element belongs to.
func rowOf(v *column.Vector, element int) int {
	for i, end := range v.Ends {
		if uint32(element) < end {
			return i
		}
	}
	return 0
}
