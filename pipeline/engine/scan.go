//go:build cgo

package engine

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"reflect"
	"sync"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/monthend/monthend/pipeline/column"
)

// scan feeds one column.Reader to DuckDB as a table function: DuckDB asks for a chunk, the reader fills a batch, and whole
// vectors are copied.
//
// It offers as many tasks as DuckDB has threads although the reader takes one caller at a time: while one thread reads and
// decodes, another stores what it read before. And a thread without a task would not sleep: the driver's waiting thread asks
// for one in a loop, and takes a whole core from the database that it waits for.
type scan struct {
	threads int

	mu     sync.Mutex // guards the rest
	reader column.Reader
	rows   int64 // read so far
	done   bool  // the reader is spent, or something broke: there are no more chunks
	err    error // what broke; of an error in a table function DuckDB keeps only words
}

// register makes the reader known to the connection as a table function without arguments.
func (s *scan) register(conn *sql.Conn, function string) error {
	bind := func(map[string]any, ...any) (duckdb.ParallelChunkTableSource, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.done || s.rows > 0 || s.reader == nil {
			return nil, errors.New("the reader was scanned before")
		}
		return s, nil
	}
	return duckdb.RegisterTableUDF(conn, function, duckdb.ParallelChunkTableFunction{BindArguments: bind})
}

// ColumnInfos and the methods up to FillChunk make scan a duckdb.ParallelChunkTableSource.
func (s *scan) ColumnInfos() []duckdb.ColumnInfo {
	var infos []duckdb.ColumnInfo
	for _, c := range s.reader.Columns() {
		info, err := typeInfo(c.Type)
		if err != nil { // Load has checked the types: DuckDB refuses the nil
			info = nil
		}
		infos = append(infos, duckdb.ColumnInfo{Name: c.Name, T: info})
	}
	return infos
}

// release lets go of the reader: the database remembers its table functions for as long as it is open.
func (s *scan) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done, s.reader = true, nil
}

// Cardinality is not known before the end.
func (s *scan) Cardinality() *duckdb.CardinalityInfo { return nil }

// Init says how many threads may ask.
func (s *scan) Init() duckdb.ParallelTableSourceInfo {
	return duckdb.ParallelTableSourceInfo{MaxThreads: s.threads}
}

// NewLocalState is a thread's own batch.
func (s *scan) NewLocalState() any { return new(column.Batch) }

// FillChunk hands over the next batch, an empty one at the end.
func (s *scan) FillChunk(state any, chunk duckdb.DataChunk) error {
	batch := state.(*column.Batch)
	first, err := s.read(batch)
	if err == nil {
		err = s.copy(chunk, batch, first)
	}
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.done = true
		if s.err == nil {
			s.err = err
		}
	}
	return err
}

// read fills batch and returns the number of its first row, counted from 1.
func (s *scan) read(batch *column.Batch) (first int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// A panic of a reader must not unwind through C.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("internal: the reader panicked: %v", r)
		}
	}()
	first = s.rows + 1
	if s.done {
		batch.Reset(s.reader.Columns())
		return first, nil
	}
	if err := s.reader.Next(batch); errors.Is(err, io.EOF) {
		s.done = true
		batch.Reset(s.reader.Columns())
	} else if err != nil {
		return first, err
	}
	s.rows += int64(batch.Len())
	return first, nil
}

func (s *scan) copy(chunk duckdb.DataChunk, batch *column.Batch, first int64) error {
	raw, err := rawChunk(chunk)
	if err != nil {
		return err
	}
	for i := range batch.Vectors {
		vector := mapping.DataChunkGetVector(raw, mapping.IdxT(i))
		if row, err := fill(vector, &batch.Vectors[i], batch.Len()); err != nil {
			return &mistake{fmt.Errorf("column %q, row %d: %w", s.reader.Columns()[i].Name, first+int64(row), err)}
		}
	}
	return chunk.SetSize(batch.Len())
}

// rawChunk takes the C chunk out of the driver's. The driver's own setters convert and check value by value and have no
// 128-bit number without an allocation; its version is pinned, and a driver without the field is an error, not a guess.
func rawChunk(chunk duckdb.DataChunk) (mapping.DataChunk, error) {
	field := reflect.ValueOf(chunk).FieldByName("chunk")
	if !field.IsValid() || field.Type() != reflect.TypeFor[mapping.DataChunk]() {
		return mapping.DataChunk{}, errors.New("internal: this version of duckdb-go hides its data chunk elsewhere")
	}
	return mapping.DataChunk{Ptr: field.FieldByName("Ptr").UnsafePointer()}, nil
}

var scalarTypes = map[column.Kind]duckdb.Type{
	column.Bool: duckdb.TYPE_BOOLEAN, column.Int16: duckdb.TYPE_SMALLINT, column.Int32: duckdb.TYPE_INTEGER,
	column.Int64: duckdb.TYPE_BIGINT, column.Float32: duckdb.TYPE_FLOAT, column.Float64: duckdb.TYPE_DOUBLE,
	column.Text: duckdb.TYPE_VARCHAR, column.Bytes: duckdb.TYPE_BLOB, column.Date: duckdb.TYPE_DATE,
	column.Timestamp: duckdb.TYPE_TIMESTAMP, column.TimestampTZ: duckdb.TYPE_TIMESTAMP_TZ, column.UUID: duckdb.TYPE_UUID,
}

func typeInfo(t column.Type) (duckdb.TypeInfo, error) {
	if t.Kind == column.Decimal {
		return duckdb.NewDecimalInfo(uint8(t.Precision), uint8(t.Scale))
	}
	return duckdb.NewTypeInfo(scalarTypes[t.Kind])
}
