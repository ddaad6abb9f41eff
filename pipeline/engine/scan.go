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
	reader  column.Reader
	columns []column.Column
	threads int
	coder   coder           // its columns are known once decided is closed
	decided chan struct{}   // closed when there is something to put away, or never will be
	ended   <-chan struct{} // DuckDB need not wait any longer for rows
	full    chan *cargo     // closed by the goroutine at its end
	free    chan *cargo     // with room for all of them and left, so that giving back never waits

	// The goroutine's, until it has ended.
	read int64  // the rows handed out, those of an earlier scan included
	left *cargo // what was read and could not be coded; of a new scan, what it begins with

	mu      sync.Mutex // guards the rest
	scanned bool
	lent    []*lent
	err     error // what broke first; of an error in a table function DuckDB keeps only words
}

// cargo is a batch on its way.
type cargo struct {
	batch *column.Batch
	codes [][]uint8 // of the coded columns
	first int64     // the number of its first row, counted from 1
}

// readAhead is how many batches are on their way beyond those that DuckDB's threads are copying.
const readAhead = 3

func newScan(reader column.Reader, threads int, c coder) *scan {
	s := &scan{reader: reader, columns: reader.Columns(), threads: threads, coder: c, decided: make(chan struct{}),
		full: make(chan *cargo, readAhead), free: make(chan *cargo, readAhead+threads+1)}
	for range readAhead + threads {
		s.free <- &cargo{batch: new(column.Batch)}
	}
	return s
}

// run hands out the reader's batches until its end, its error or that of ctx, or until one cannot be coded.
func (s *scan) run(ctx context.Context) {
	var err error
	defer close(s.full)
	decide := sync.OnceFunc(func() { close(s.decided) })
	defer decide()
	// After the close of what DuckDB waits for nobody asks for the error: it is told first.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("internal: the reader panicked: %v", r)
		}
		s.fail(err)
	}()
	if first := s.left; first != nil {
		s.left, s.read = nil, first.first-1+int64(first.batch.Len())
		decide()
		if err = s.send(ctx, first); err != nil {
			return
		}
	}
	if s.coder.any() {
		var held []*cargo
		held, err = s.sample(ctx)
		decide()
		for _, c := range held {
			if err == nil {
				err = s.send(ctx, c)
			}
		}
	}
	decide()
	for err == nil {
		var c *cargo
		if c, err = s.next(ctx); err == io.EOF {
			err = nil
			return
		}
		if err != nil {
			return
		}
		var fits bool
		if fits, err = s.coder.code(c); err == nil && !fits {
			s.left = c
			return
		}
		if err = s.tell(c, err); err == nil {
			err = s.send(ctx, c)
		}
	}
}

// sample reads the first batches, codes them, and settles which columns are coded.
func (s *scan) sample(ctx context.Context) (held []*cargo, err error) {
	rows := 0
	for len(held) < sampleBatches {
		c, err := s.next(ctx)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := s.tell(c, s.coder.sample(c)); err != nil {
			return nil, err
		}
		held, rows = append(held, c), rows+c.batch.Len()
	}
	if len(held) < sampleBatches || rows < sampleRows {
		clear(s.coder)
	}
	return held, nil
}

// next reads a batch; io.EOF is the end.
func (s *scan) next(ctx context.Context) (*cargo, error) {
	select {
	case c := <-s.free:
		if err := s.reader.Next(c.batch); errors.Is(err, io.EOF) {
			return nil, io.EOF
		} else if err != nil {
			return nil, err
		}
		c.first = s.read + 1
		s.read += int64(c.batch.Len())
		return c, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (s *scan) send(ctx context.Context, c *cargo) error {
	select {
	case s.full <- c:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// tell names the place of a value that the engine cannot hold.
func (s *scan) tell(c *cargo, err error) error {
	var bad *badValue
	if !errors.As(err, &bad) {
		return err
	}
	return &mistake{fmt.Errorf("column %q, row %d: %w", s.columns[bad.column].Name, c.first+int64(bad.row), bad.err)}
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
	for i, c := range s.columns {
		info, err := typeInfo(c.Type)
		if s.coded(i) {
			info, err = duckdb.NewTypeInfo(duckdb.TYPE_UTINYINT)
		}
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
	cargo *cargo // nil is none
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
	if l.cargo != nil {
		l.pin.Unpin()
		s.free <- l.cargo
		l.cargo = nil
	}
	var next *cargo
	var more bool
	select {
	case next, more = <-s.full:
	case <-s.ended:
	}
	if !more {
		return errors.Join(s.failure(), chunk.SetSize(0))
	}
	l.cargo = next
	err := s.tell(next, s.copy(chunk, next, &l.pin))
	s.fail(err)
	return err
}

func (s *scan) copy(chunk duckdb.DataChunk, from *cargo, pin *runtime.Pinner) error {
	raw, err := rawChunk(chunk)
	if err != nil {
		return err
	}
	rows := from.batch.Len()
	for i := range from.batch.Vectors {
		vector := mapping.DataChunkGetVector(raw, mapping.IdxT(i))
		if s.coded(i) {
			fillCodes(vector, &from.batch.Vectors[i], from.codes[i][:rows])
		} else if row, err := fill(vector, &from.batch.Vectors[i], rows, pin); err != nil {
			return &badValue{column: i, row: row, err: err}
		}
	}
	return chunk.SetSize(rows)
}

// coded reports whether a column is kept as numbers.
func (s *scan) coded(i int) bool { return s.coder != nil && s.coder[i] != nil }

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
