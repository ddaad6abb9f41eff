//go:build cgo

package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/monthend/monthend/pipeline/column"
)

// A text column that says the same few things again and again, as a currency, a category or a state does, is kept as numbers: a byte
// a row in place of a dozen, less to put away, to spill and to read again. Its words are learned as the rows come, and the
// views through which everybody reads the table give them back; nobody sees the numbers.
const (
	// sampleBatches are looked at before it is decided which columns those are. A table that ends within them is kept as it is.
	sampleBatches = readAhead
	sampleRows    = sampleBatches * column.Size / 2 // fewer, of long rows, tell too little
	fewWords      = 64                              // so many in the sample at the most
	mostWords     = 255                             // ever
	longestWord   = 64                              // bytes
)

// coder learns words, column by column.
type coder []*vocabulary // nil: the column is kept as it is

func newCoder(columns []column.Column) coder {
	c := make(coder, len(columns))
	for i := range columns {
		if columns[i].Type.Kind == column.Text {
			c[i] = new(vocabulary)
		}
	}
	return c
}

// any reports whether a column is coded.
func (c coder) any() bool {
	for _, v := range c {
		if v != nil {
			return true
		}
	}
	return false
}

// sample codes a batch, and gives up the columns that have more words than a few.
func (c coder) sample(cargo *cargo) error {
	for i, v := range c {
		if v == nil {
			continue
		}
		fits, err := c.column(cargo, i, fewWords)
		if err != nil {
			return err
		}
		if !fits {
			c[i] = nil
		}
	}
	return nil
}

// code codes a batch; fits is false where a column has come to have too many words.
func (c coder) code(cargo *cargo) (fits bool, err error) {
	for i, v := range c {
		if v == nil {
			continue
		}
		if fits, err := c.column(cargo, i, mostWords); !fits || err != nil {
			return fits, err
		}
	}
	return true, nil
}

func (c coder) column(cargo *cargo, i, most int) (fits bool, err error) {
	if cargo.codes == nil {
		cargo.codes = make([][]uint8, len(c))
	}
	if cargo.codes[i] == nil {
		cargo.codes[i] = make([]uint8, column.Size)
	}
	vector, codes := &cargo.batch.Vectors[i], cargo.codes[i]
	start := uint32(0)
	for row, end := range vector.Ends[:cargo.batch.Len()] {
		codes[row] = 0
		if vector.IsValid(row) {
			if codes[row], err = c[i].of(vector.Data[start:end], most); err != nil {
				return false, &badValue{column: i, row: row, err: err}
			}
			if codes[row] == 0 {
				return false, nil
			}
		}
		start = end
	}
	return true, nil
}

// badValue is a value that the engine cannot hold, at a row of a batch, counted from 0.
type badValue struct {
	column, row int
	err         error
}

func (e *badValue) Error() string { return e.err.Error() }

// vocabulary numbers the words of a column from 1.
type vocabulary struct {
	words [][]byte
	slots [4 * (mostWords + 1)]uint8 // the words' numbers by their hash, or in the next slot that is free; 0 is none
}

// of is a word's number, learned if it is new; 0 is one too many, or too long a one.
func (v *vocabulary) of(word []byte, most int) (uint8, error) {
	at := slot(word)
	for v.slots[at] != 0 {
		if number := v.slots[at]; bytes.Equal(v.words[number-1], word) {
			return number, nil
		}
		at = (at + 1) % uint32(len(v.slots))
	}
	if !utf8.Valid(word) {
		return 0, errNotUTF8
	}
	// A zero would end the text of the view.
	if len(v.words) >= most || len(word) > longestWord || bytes.IndexByte(word, 0) >= 0 {
		return 0, nil
	}
	v.words = append(v.words, bytes.Clone(word))
	v.slots[at] = uint8(len(v.words))
	return v.slots[at], nil
}

// slot mixes a word's length with its first and last bytes. Words that are alike in those are told apart by comparing.
func slot(word []byte) uint32 {
	var mixed uint64
	switch n := len(word); {
	case n >= 8:
		mixed = binary.LittleEndian.Uint64(word) ^ binary.LittleEndian.Uint64(word[n-8:])*0x9e3779b97f4a7c15
	case n >= 4:
		mixed = uint64(binary.LittleEndian.Uint32(word)) | uint64(binary.LittleEndian.Uint32(word[n-4:]))<<32
	case n > 0:
		mixed = uint64(word[0]) | uint64(word[n/2])<<8 | uint64(word[n-1])<<16
	}
	mixed = (mixed + uint64(len(word))) * 0xd6e8feb86659fd93
	return uint32(mixed>>32) % uint32(len(vocabulary{}.slots))
}

// storedTable is an extract with coded columns as it is kept, and rowsView is that with its words and row ids, for our own
// queries.
func storedTable(table string) string { return name(ruleSchema) + "." + name(table+" stored") }
func rowsView(table string) string    { return name(ruleSchema) + "." + name(table+" rows") }

// list are the columns of a stored table with their words.
func (c coder) list(columns []column.Column) string {
	list := make([]string, len(columns))
	for i, described := range columns {
		list[i] = name(described.Name)
		if c[i] == nil {
			continue
		}
		words := make([]string, len(c[i].words))
		for j, word := range c[i].words {
			words[j] = text(string(word))
		}
		list[i] = fmt.Sprintf("CAST([%s] AS VARCHAR[])[%s] AS %s", strings.Join(words, ", "), list[i], list[i])
	}
	return strings.Join(list, ", ")
}

// store makes what name_extracted is, a table or the view of a coded one, of what the reader reads.
func (w *Workspace) store(ctx context.Context, table string, r column.Reader) (rows int64, coded bool, err error) {
	columns, plain := r.Columns(), name(table+extractedSuffix)
	s, kept := newScan(r, w.threads, newCoder(columns)), plain
	rows, err = w.pour(ctx, s, func() string {
		if s.coder.any() {
			kept, coded = storedTable(table), true
		}
		return "CREATE TABLE " + kept + " AS"
	})
	if err != nil {
		return 0, false, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.execAll(context.WithoutCancel(ctx), "DROP VIEW IF EXISTS "+rowsView(table),
				"DROP TABLE IF EXISTS "+storedTable(table), "DROP TABLE IF EXISTS "+plain))
		}
	}()
	list := s.coder.list(columns)
	if s.left != nil {
		// The first rows did not tell what a column says later. They are written once more, as they are; mostly that shows soon.
		kept, coded = plain, false
		if err = w.execAll(ctx, "CREATE TABLE "+plain+" AS SELECT "+list+" FROM "+storedTable(table), "DROP TABLE "+storedTable(table)); err != nil {
			return 0, false, err
		}
		rest := newScan(r, w.threads, nil)
		rest.left = s.left
		if rows, err = w.pour(ctx, rest, func() string { return "INSERT INTO " + plain }); err != nil {
			return 0, false, err
		}
	}
	if err = w.holds(ctx, kept, rows); err != nil || !coded {
		return rows, false, err
	}
	err = w.execAll(ctx, "CREATE VIEW "+rowsView(table)+" AS SELECT "+list+", rowid FROM "+kept, "CREATE VIEW "+plain+" AS SELECT "+list+" FROM "+kept)
	return rows, true, err
}
