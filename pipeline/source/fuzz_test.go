package source_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/monthend/monthend/pipeline/column"
	"github.com/monthend/monthend/pipeline/source"
)

// against fuzzes the decoder of a type against the server: bytes that both take must be the same value. words is what the
// server says of a value $1; same compares it with what the decoder made. The corpus begins with what the server itself sends
// for the seeds.
func against(f *testing.F, oid uint32, typ, words string, seeds []string, same func(v *column.Vector, said string) (got string, ok bool)) {
	_, conn := database(f)
	ask := func(sql string, param []byte, as uint32, sent, wanted int16) ([]byte, error) {
		r := conn.PgConn().ExecParams(context.Background(), sql, [][]byte{param}, []uint32{as}, []int16{sent}, []int16{wanted}).Read()
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Rows[0][0], nil
	}
	for _, seed := range seeds {
		raw, err := ask("SELECT $1::"+typ, []byte(seed), oid, pgx.TextFormatCode, pgx.BinaryFormatCode)
		if err != nil {
			f.Fatalf("%s: %v", seed, err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, err := source.Decode(oid, append([]byte{}, raw...))
		if err != nil {
			return
		}
		if !v.IsValid(0) {
			t.Fatalf("%x is taken as NULL", raw)
		}
		said, err := ask("SELECT "+words, raw, oid, pgx.BinaryFormatCode, pgx.TextFormatCode)
		if err != nil {
			return
		}
		if got, ok := same(v, string(said)); !ok {
			t.Errorf("%x: got %s, the server says %s", raw, got, said)
		}
	})
}

func FuzzNumericIsTheServers(f *testing.F) {
	seeds := []string{"0", "-0.1", "0.0001", "1e27", "12345678901234567890.1234567891", "-9999999999999999999999999999.9999999999", "10000", "0.00010000"}
	against(f, pgtype.NumericOID, "numeric", "$1", seeds, func(v *column.Vector, said string) (string, bool) {
		got := new(big.Rat).SetFrac(v.Int128s[0].Big(), column.PowerOfTen(v.Type.Scale).Big())
		want, ok := new(big.Rat).SetString(said)
		return got.FloatString(v.Type.Scale), ok && got.Cmp(want) == 0
	})
}

func FuzzTimestampIsTheServers(f *testing.F) {
	seeds := []string{"2026-03-29 02:30:00.000001", "0044-03-15 00:00:00 BC", "4713-01-01 00:00:00 BC", "294246-12-31 23:59:59.999999", "infinity", "-infinity", "1999-12-31 23:59:59.5"}
	against(f, pgtype.TimestampOID, "timestamp", "$1", seeds, func(v *column.Vector, said string) (string, bool) {
		got := ""
		switch micros := v.Int64s[0]; micros {
		case math.MaxInt64:
			got = "infinity"
		case -math.MaxInt64:
			got = "-infinity"
		default:
			at := time.UnixMicro(micros).UTC()
			got = withEra(at, strings.TrimSuffix(strings.TrimRight(at.Format(" 15:04:05.000000"), "0"), "."))
		}
		return got, got == said
	})
}

func FuzzDateIsTheServers(f *testing.F) {
	seeds := []string{"2026-03-29", "0044-03-15 BC", "4713-01-01 BC", "5874897-12-31", "infinity", "-infinity"}
	against(f, pgtype.DateOID, "date", "$1", seeds, func(v *column.Vector, said string) (string, bool) {
		got := ""
		switch days := v.Int32s[0]; days {
		case math.MaxInt32:
			got = "infinity"
		case -math.MaxInt32:
			got = "-infinity"
		default:
			got = withEra(time.Unix(int64(days)*86_400, 0).UTC(), "")
		}
		return got, got == said
	})
}

// withEra writes a day as PostgreSQL does, the year before the first one being 1 BC.
func withEra(at time.Time, clock string) string {
	year, era := at.Year(), ""
	if year <= 0 {
		year, era = 1-year, " BC"
	}
	return fmt.Sprintf("%04d-%02d-%02d%s%s", year, at.Month(), at.Day(), clock, era)
}

func FuzzIntervalIsTheServers(f *testing.F) {
	seeds := []string{"1 year 2 mons -3 days +04:05:06.789", "-178000000 years", "2147483647 days", "-00:00:00.000001", "0", "2562047788:00:54.775807"}
	words := strings.ReplaceAll(spanParts, "FROM v", "FROM $1")
	against(f, pgtype.IntervalOID, "interval", words, seeds, func(v *column.Vector, said string) (string, bool) {
		span := v.Intervals[0]
		got := fmt.Sprint(span.Months, " ", span.Days, " ", span.Micros)
		return got, got == said
	})
}

func FuzzArrayIsTheServers(f *testing.F) {
	seeds := []string{"{}", "{1,NULL,-2147483648}", "[5:6]={1,2}", "{{1,2},{3,4}}", "{2147483647}"}
	against(f, pgtype.Int4ArrayOID, "int4[]", "array_to_json($1)", seeds, func(v *column.Vector, said string) (string, bool) {
		var want []*int32
		err := json.Unmarshal([]byte(said), &want)
		got := []*int32{}
		for i := range v.Elements() {
			got = append(got, nil)
			if v.Child.IsValid(i) {
				got[i] = &v.Child.Int32s[i]
			}
		}
		return fmt.Sprint(v.Child.Int32s[:v.Elements()]), err == nil && int(v.Ends[0]) == len(got) && cmp.Equal(want, got)
	})
}

func FuzzTextArrayIsTheServers(f *testing.F) {
	seeds := []string{"{}", `{a,NULL,"NULL","","ž\"\\,{}"}`, `{日本,"a b"}`, `{` + strings.Repeat("x,", 3000) + `y}`}
	against(f, pgtype.TextArrayOID, "text[]", "array_to_json($1)", seeds, func(v *column.Vector, said string) (string, bool) {
		var want []*string
		err := json.Unmarshal([]byte(said), &want)
		got := []*string{}
		for i := range v.Elements() {
			got = append(got, nil)
			if v.Child.IsValid(i) {
				text := string(v.Child.Value(i))
				got[i] = &text
			}
		}
		return fmt.Sprintf("%d texts", len(got)), err == nil && int(v.Ends[0]) == len(got) && cmp.Equal(want, got)
	})
}

func FuzzNumericArrayIsTheServers(f *testing.F) {
	seeds := []string{"{}", "{0.1,NULL,-12345.678}", "{1e20}"}
	against(f, pgtype.NumericArrayOID, "numeric[]", "array_to_json($1)", seeds, func(v *column.Vector, said string) (string, bool) {
		var want []*json.Number
		err := json.Unmarshal([]byte(said), &want)
		if err != nil || len(want) != v.Elements() {
			return fmt.Sprint(v.Elements(), " numbers"), false
		}
		for i, text := range want {
			if v.Child.IsValid(i) != (text != nil) {
				return fmt.Sprint("element ", i), false
			}
			if text == nil {
				continue
			}
			got := new(big.Rat).SetFrac(v.Child.Int128s[i].Big(), column.PowerOfTen(v.Child.Type.Scale).Big())
			if number, ok := new(big.Rat).SetString(text.String()); !ok || got.Cmp(number) != 0 {
				return got.RatString(), false
			}
		}
		return "", true
	})
}
