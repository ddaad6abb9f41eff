//go:build cgo

package engine

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/monthend/monthend/pipeline/column"
)

// scan feeds one column.Reader to DuckDB as a table function: DuckDB asks for a chunk, the reader fills a batch, and whole
// vectors are copied. DuckDB calls it from one thread at a time.
type scan struct {
	reader column.Reader
	batch  column.Batch
	rows   int64 // handed to DuckDB
	done   bool  // the reader is spent: DuckDB asks again after an empty chunk
	err    error // the reader's own error, of which DuckDB keeps only words
}

// register makes the reader known to the connection as a table function without arguments.
func (s *scan) register(conn *sql.Conn, function string) error {
	bind := func(map[string]any, ...any) (duckdb.ChunkTableSource, error) {
		if s.done || s.rows > 0 {
			return nil, errors.New("the reader was scanned before")
		}
		return s, nil
	}
	return duckdb.RegisterTableUDF(conn, function, duckdb.ChunkTableFunction{BindArguments: bind})
}

// ColumnInfos, Cardinality, Init and FillChunk make scan a duckdb.ChunkTableSource.
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

func (s *scan) Cardinality() *duckdb.CardinalityInfo { return nil }

func (s *scan) Init() {}

func (s *scan) FillChunk(chunk duckdb.DataChunk) (err error) {
	// A panic of a reader must not unwind through C.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("internal: the reader panicked: %v", r)
		}
		if err != nil {
			s.done, s.err = true, err
		}
	}()
	if s.done {
		return chunk.SetSize(0)
	}
	if err := s.reader.Next(&s.batch); errors.Is(err, io.EOF) {
		s.done = true
		return chunk.SetSize(0)
	} else if err != nil {
		return err
	}
	raw, err := rawChunk(chunk)
	if err != nil {
		return err
	}
	for i := range s.batch.Vectors {
		vector := mapping.DataChunkGetVector(raw, mapping.IdxT(i))
		if row, err := fill(vector, &s.batch.Vectors[i], s.batch.Len()); err != nil {
			return &mistake{fmt.Errorf("column %q, row %d: %w", s.reader.Columns()[i].Name, s.rows+int64(row)+1, err)}
		}
	}
	s.rows += int64(s.batch.Len())
	return chunk.SetSize(s.batch.Len())
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
