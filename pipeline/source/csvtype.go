package source

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/monthend/monthend/pipeline/column"
	"github.com/monthend/monthend/report"
)

// setter sets row i of a vector from a value as it is written in PostgreSQL. Its errors do not repeat the value.
type setter func(v *column.Vector, i int, text string) error

// written are the types without a length, by PostgreSQL's names for them.
var written = map[string]struct {
	kind column.Kind
	set  setter
}{
	"boolean": {column.Bool, setBool}, "bool": {column.Bool, setBool},
	"smallint": {column.Int16, setInt16}, "int2": {column.Int16, setInt16},
	"integer": {column.Int32, setInt32}, "int": {column.Int32, setInt32}, "int4": {column.Int32, setInt32},
	"bigint": {column.Int64, setInt64}, "int8": {column.Int64, setInt64},
	"real": {column.Float32, setFloat32}, "float4": {column.Float32, setFloat32},
	"double precision": {column.Float64, setFloat64}, "float8": {column.Float64, setFloat64},
	"text": {column.Text, setText}, "varchar": {column.Text, setText}, "character varying": {column.Text, setText},
	"name": {column.Text, setText}, "json": {column.Text, setJSON}, "jsonb": {column.Text, setJSON},
	"bytea": {column.Bytes, setBytea}, "uuid": {column.UUID, setUUID}, "date": {column.Date, setDate},
	"timestamp": {column.Timestamp, setTimestamp}, "timestamp without time zone": {column.Timestamp, setTimestamp},
	"timestamptz": {column.TimestampTZ, setTimestampTZ}, "timestamp with time zone": {column.TimestampTZ, setTimestampTZ},
}

var sizedType = regexp.MustCompile(`^([a-z ]+?) ?\( ?([0-9]{1,4}) ?(?:, ?([0-9]{1,4}) ?)?\)$`)

// typeOf reads a type as PostgreSQL writes it.
func typeOf(text string) (column.Type, setter, error) {
	name := strings.ToLower(strings.Join(strings.Fields(text), " "))
	if t, known := written[name]; known {
		return column.Type{Kind: t.kind}, t.set, nil
	}
	if name == "numeric" || name == "decimal" {
		return inferred, setDecimal(inferred), nil
	}
	m := sizedType.FindStringSubmatch(name)
	if m == nil {
		return column.Type{}, nil, unknownType(name)
	}
	first, _ := strconv.Atoi(m[2])
	second, _ := strconv.Atoi(m[3])
	switch m[1] {
	case "numeric", "decimal":
		t := column.Type{Kind: column.Decimal, Precision: first, Scale: second}
		return t, setDecimal(t), t.Check()
	case "varchar", "character varying", "char", "character", "bpchar":
		if m[3] != "" || first == 0 {
			return column.Type{}, nil, unknownType(name)
		}
		padded := m[1] != "varchar" && m[1] != "character varying"
		return column.Type{Kind: column.Text}, setSized(first, padded), nil
	}
	return column.Type{}, nil, unknownType(name)
}

func unknownType(name string) error {
	known := make([]string, 0, len(written)+1)
	for n := range written {
		known = append(known, n)
	}
	known = append(known, "numeric")
	if name == "" {
		return errors.New("its type is missing, such as text or numeric(18,2)")
	}
	if near := report.Near(name, known); near != "" {
		return fmt.Errorf("type %q is not known; did you mean %q?", name, near)
	}
	return fmt.Errorf("type %q is not known here; want boolean, smallint, integer, bigint, numeric(p,s), real, double precision, text, date, "+
		"timestamp, timestamptz, uuid, json or bytea", name)
}

func setBool(v *column.Vector, i int, text string) error {
	switch strings.ToLower(text) {
	case "true", "t":
		v.Bools[i] = true
	case "false", "f":
		v.Bools[i] = false
	default:
		return errors.New("want true or false")
	}
	v.SetValid(i)
	return nil
}

func wholeNumber(text string, bits int) (int64, error) {
	n, err := strconv.ParseInt(text, 10, bits)
	if err != nil {
		return 0, fmt.Errorf("want a whole number of %d bits", bits)
	}
	return n, nil
}

func setInt16(v *column.Vector, i int, text string) error {
	n, err := wholeNumber(text, 16)
	v.Int16s[i] = int16(n)
	v.SetValid(i)
	return err
}

func setInt32(v *column.Vector, i int, text string) error {
	n, err := wholeNumber(text, 32)
	v.Int32s[i] = int32(n)
	v.SetValid(i)
	return err
}

func setInt64(v *column.Vector, i int, text string) error {
	n, err := wholeNumber(text, 64)
	v.Int64s[i] = n
	v.SetValid(i)
	return err
}

func setFloat32(v *column.Vector, i int, text string) error {
	f, err := strconv.ParseFloat(text, 32)
	v.Float32s[i] = float32(f)
	v.SetValid(i)
	if err != nil {
		return errors.New("want a number")
	}
	return nil
}

func setFloat64(v *column.Vector, i int, text string) error {
	f, err := strconv.ParseFloat(text, 64)
	v.Float64s[i] = f
	v.SetValid(i)
	if err != nil {
		return errors.New("want a number")
	}
	return nil
}

func setText(v *column.Vector, i int, text string) error {
	v.SetBytes(i, []byte(text))
	return nil
}

// setSized refuses what PostgreSQL would refuse, and drops the blanks that char(n) is filled up with, as a query's rows lose them.
func setSized(length int, padded bool) setter {
	return func(v *column.Vector, i int, text string) error {
		if padded {
			text = strings.TrimRight(text, " ")
		}
		v.SetBytes(i, []byte(text))
		if utf8.RuneCountInString(text) > length {
			return fmt.Errorf("more than %d characters", length)
		}
		return nil
	}
}

func setJSON(v *column.Vector, i int, text string) error {
	v.SetBytes(i, []byte(text))
	if !json.Valid([]byte(text)) {
		return errors.New("want JSON")
	}
	return nil
}

func setBytea(v *column.Vector, i int, text string) error {
	digits, found := strings.CutPrefix(text, `\x`)
	data, err := hex.DecodeString(digits)
	v.SetBytes(i, data)
	if !found || err != nil {
		return errors.New(`want bytes in hex, such as \x00ff`)
	}
	return nil
}

var uuidPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func setUUID(v *column.Vector, i int, text string) error {
	if !uuidPattern.MatchString(text) {
		return errors.New("want a UUID such as 6f9619ff-8b86-d011-b42d-00cf4fc964ff")
	}
	raw, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil {
		return err
	}
	return decodeUUID(raw, v, i)
}

var decimalPattern = regexp.MustCompile(`^[+-]?[0-9]{1,60}(\.[0-9]{0,60})?$`)

// setDecimal takes every digit or refuses the value: nothing is rounded.
func setDecimal(t column.Type) setter {
	return func(v *column.Vector, i int, text string) error {
		if !decimalPattern.MatchString(text) {
			return fmt.Errorf("want a number of up to %d digits, such as -1234.50", t.Precision)
		}
		whole, fraction, _ := strings.Cut(text, ".")
		fraction = strings.TrimRight(fraction, "0")
		if len(fraction) > t.Scale {
			return fmt.Errorf("more than %d digits behind the point", t.Scale)
		}
		n, ok := new(big.Int).SetString(whole+fraction+strings.Repeat("0", t.Scale-len(fraction)), 10)
		if !ok {
			return errors.New("want a number")
		}
		if n.CmpAbs(column.PowerOfTen(t.Precision).Big()) >= 0 {
			return fmt.Errorf("more digits than numeric(%d,%d) has", t.Precision, t.Scale)
		}
		v.Int128s[i] = int128(n)
		v.SetValid(i)
		return nil
	}
}

// int128 narrows a number whose size has been checked.
func int128(n *big.Int) column.Int128 {
	abs := new(big.Int).Abs(n)
	low := new(big.Int).And(abs, new(big.Int).SetUint64(1<<64-1))
	v := column.Int128{Lo: low.Uint64(), Hi: new(big.Int).Rsh(abs, 64).Int64()}
	if n.Sign() < 0 {
		return v.Neg()
	}
	return v
}

func setDate(v *column.Vector, i int, text string) error {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return errors.New("want a date such as 2026-03-31")
	}
	v.Int32s[i] = int32(at.Unix() / 86_400)
	v.SetValid(i)
	return nil
}

// instant reads a timestamp in one of the layouts; a point and up to six digits may follow the seconds.
func instant(v *column.Vector, i int, text string, layouts ...string) error {
	for _, layout := range layouts {
		at, err := time.Parse(layout, strings.Replace(text, "T", " ", 1))
		if err != nil {
			continue
		}
		if at.Nanosecond()%1000 != 0 {
			return errors.New("more than six digits behind the seconds")
		}
		v.Int64s[i] = at.UnixMicro()
		v.SetValid(i)
		return nil
	}
	return fmt.Errorf("want a timestamp such as %s", strings.NewReplacer("Z07", "+01", "2006-01-02 15:04:05", "2026-03-31 18:30:00").Replace(layouts[0]))
}

func setTimestamp(v *column.Vector, i int, text string) error {
	return instant(v, i, text, "2006-01-02 15:04:05")
}

// setTimestampTZ wants an offset: an hour that is in two zones, or twice in one, would be another instant for another reader.
func setTimestampTZ(v *column.Vector, i int, text string) error {
	return instant(v, i, text, "2006-01-02 15:04:05Z07", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z0700")
}
