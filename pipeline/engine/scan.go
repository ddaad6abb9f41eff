//go:build cgo

package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"sync"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/monthend/monthend/pipeline/column"
)

// scan feeds one column.Reader to DuckDB as a table function: a goroutine reads and decodes batches ahead, DuckDB's threads
// copy them into its vectors and store them.
//
// The reading has a goroutine of its own because a thread that DuckDB calls us on is bound to its goroutine: were it to wait
// for the network, each of thousands of waits would put a thread to sleep and wake it. And the function offers as many tasks
// as DuckDB has threads: one without a task would not sleep, the driver's waiting thread asks for one in a loop and takes a
// whole core from the database that it waits for.
type scan struct {
	columns []column.Column
	threads int
	ended   <-chan struct{}    // DuckDB need not wait any longer for rows
	full    chan numbered      // closed by the goroutine at its end
	free    chan *column.Batch // with room for all of them, so that giving back never waits

	mu      sync.Mutex // guards the rest
	scanned bool
	lent    []*lent
	err     error // what broke first; of an error in a table function DuckDB keeps only words
}

// numbered is a batch and the number of its first row, counted from 1.
type numbered struct {
	batch *column.Batch
	first int64
}

// readAhead is how many batches are on their way beyond those that DuckDB's threads are copying.
const readAhead = 3

func newScan(ctx context.Context, columns []column.Column, threads int) *scan {
	s := &scan{columns: columns, threads: threads, ended: ctx.Done(),
		full: make(chan numbered, readAhead), free: make(chan *column.Batch, readAhead+threads)}
	for range cap(s.free) {
		s.free <- new(column.Batch)
	}
	return s
}

// read hands out the reader's batches until its end, its error or that of ctx, and answers with how many rows there were.
func (s *scan) read(ctx context.Context, reader column.Reader) (rows int64, err error) {
	defer close(s.full)
	// After the close of what DuckDB waits for nobody asks for the error: it is told first.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("internal: the reader panicked: %v", r)
		}
		s.fail(err)
	}()
	for {
		var batch *column.Batch
		select {
		case batch = <-s.free:
		case <-ctx.Done():
			return rows, context.Cause(ctx)
		}
		if err := reader.Next(batch); errors.Is(err, io.EOF) {
			return rows, nil
		} else if err != nil {
			return rows, err
		}
		next := numbered{batch: batch, first: rows + 1}
		rows += int64(batch.Len()) // before the batch is another's
		select {
		case s.full <- next:
		case <-ctx.Done():
			return rows, context.Cause(ctx)
		}
	}
}

// fail keeps the first error.
func (s *scan) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

func (s *scan) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// register makes the reader known to the connection as a table function without arguments.
func (s *scan) register(conn *sql.Conn, function string) error {
	bind := func(map[string]any, ...any) (duckdb.ParallelChunkTableSource, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.scanned {
			return nil, errors.New("the reader was scanned before")
		}
		return s, nil
	}
	return duckdb.RegisterTableUDF(conn, function, duckdb.ParallelChunkTableFunction{BindArguments: bind})
}

// release lets go of the batches, once DuckDB reads them no more: the database remembers its table functions for as long as it is open.
func (s *scan) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.lent {
		l.pin.Unpin()
	}
	s.scanned, s.full, s.free, s.lent = true, nil, nil, nil
}

// ColumnInfos and the methods up to FillChunk make scan a duckdb.ParallelChunkTableSource.
func (s *scan) ColumnInfos() []duckdb.ColumnInfo {
	var infos []duckdb.ColumnInfo
	for _, c := range s.columns {
		info, err := typeInfo(c.Type)
		if err != nil { // Load has checked the types: DuckDB refuses the nil
			info = nil
		}
		infos = append(infos, duckdb.ColumnInfo{Name: c.Name, T: info})
	}
	return infos
}

// Cardinality is not known before the end.
func (s *scan) Cardinality() *duckdb.CardinalityInfo { return nil }

// Init says how many threads may ask.
func (s *scan) Init() duckdb.ParallelTableSourceInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scanned = true
	return duckdb.ParallelTableSourceInfo{MaxThreads: s.threads}
}

// lent is what one of DuckDB's threads reads: it points at texts in the batch until it asks for the next one.
type lent struct {
	batch *column.Batch // nil is none
	pin   runtime.Pinner
}

// NewLocalState is what a thread keeps from call to call.
func (s *scan) NewLocalState() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := new(lent)
	s.lent = append(s.lent, l)
	return l
}

// FillChunk hands over the next batch, an empty one at the end.
func (s *scan) FillChunk(state any, chunk duckdb.DataChunk) error {
	l := state.(*lent)
	if l.batch != nil {
		l.pin.Unpin()
		s.free <- l.batch
		l.batch = nil
	}
	var next numbered
	var more bool
	select {
	case next, more = <-s.full:
	case <-s.ended:
	}
	if !more {
		return errors.Join(s.failure(), chunk.SetSize(0))
	}
	l.batch = next.batch
	err := s.copy(chunk, next, &l.pin)
	s.fail(err)
	return err
}

func (s *scan) copy(chunk duckdb.DataChunk, from numbered, pin *runtime.Pinner) error {
	raw, err := rawChunk(chunk)
	if err != nil {
		return err
	}
	rows := from.batch.Len()
	for i := range from.batch.Vectors {
		vector := mapping.DataChunkGetVector(raw, mapping.IdxT(i))
		if row, err := fill(vector, &from.batch.Vectors[i], rows, pin); err != nil {
			return &mistake{fmt.Errorf("column %q, row %d: %w", s.columns[i].Name, from.first+int64(row), err)}
		}
	}
	return chunk.SetSize(rows)
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
	column.Interval: duckdb.TYPE_INTERVAL,
}

func typeInfo(t column.Type) (duckdb.TypeInfo, error) {
	switch t.Kind {
	case column.Decimal:
		return duckdb.NewDecimalInfo(uint8(t.Precision), uint8(t.Scale))
	case column.List:
		elem, err := typeInfo(*t.Elem)
		if err != nil {
			return nil, err
		}
		return duckdb.NewListInfo(elem)
	}
	return duckdb.NewTypeInfo(scalarTypes[t.Kind])
}
