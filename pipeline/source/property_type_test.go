package source_test

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

// property is one type: how PostgreSQL tells a value v, when the engine's v is the same, and where values come from.
type property struct {
	typ   string
	wire  string // PostgreSQL's words for v; "" is v::text
	same  string // the engine: v is what the words want say; "" is v::VARCHAR = want
	ddl   string // the engine's type
	edges []string
	throw func(*rand.Rand) string
}

func (c property) words() string {
	if c.wire == "" {
		return "v::text"
	}
	return c.wire
}

// PostgreSQL writes the era at the end, the engine in the middle.
const (
	sameDay  = `replace(v::VARCHAR, '(BC)', 'BC') = want`
	sameTime = `(CASE WHEN v::VARCHAR LIKE '%(BC)%' THEN replace(v::VARCHAR, ' (BC)', '') || ' BC' ELSE v::VARCHAR END) = want`
	sameNum  = `regexp_replace(v::VARCHAR, '^(-?)\.', '\10.') = want`
	// The three counts of an interval, each as it is.
	spanParts = `concat_ws(' ', extract(year FROM v)::bigint * 12 + extract(month FROM v)::bigint, extract(day FROM v)::bigint, ` +
		`extract(hour FROM v)::bigint * 3600000000 + extract(minute FROM v)::bigint * 60000000 + extract(microseconds FROM v)::bigint)`
)

var properties = []property{
	{typ: "bool", same: "v = want::BOOLEAN", ddl: "BOOLEAN", throw: pick("true", "false")},
	{typ: "int2", ddl: "SMALLINT", edges: []string{"-32768", "32767", "0"}, throw: integer(16)},
	{typ: "int4", ddl: "INTEGER", edges: []string{"-2147483648", "2147483647"}, throw: integer(32)},
	{typ: "int8", ddl: "BIGINT", edges: []string{"-9223372036854775808", "9223372036854775807"}, throw: integer(64)},
	{typ: "float4", same: "v = want::FLOAT", ddl: "FLOAT", edges: []string{"NaN", "Infinity", "-Infinity", "-0", "1e-45", "3.4028235e38"}, throw: float(32)},
	{typ: "float8", same: "v = want::DOUBLE", ddl: "DOUBLE", edges: []string{"NaN", "Infinity", "-Infinity", "5e-324", "1.7976931348623157e308"}, throw: float(64)},
	{typ: "numeric(18,2)", same: sameNum, ddl: "DECIMAL(18,2)", edges: []string{"9999999999999999.99", "-9999999999999999.99", "0", "-0.01"}, throw: numeric(16, 2)},
	{typ: "numeric(4,4)", same: sameNum, ddl: "DECIMAL(4,4)", edges: []string{"0.9999", "-0.9999", "0.0001"}, throw: numeric(0, 4)},
	{typ: "numeric(9,0)", same: sameNum, ddl: "DECIMAL(9,0)", edges: []string{"999999999", "-999999999"}, throw: numeric(9, 0)},
	{typ: "numeric(38,0)", same: sameNum, ddl: "DECIMAL(38,0)", edges: []string{nines, "-" + nines}, throw: numeric(38, 0)},
	{typ: "numeric(38,38)", same: sameNum, ddl: "DECIMAL(38,38)", edges: []string{"0." + nines, "-0." + nines, "1e-38"}, throw: numeric(0, 38)},
	{typ: "numeric(38,19)", same: sameNum, ddl: "DECIMAL(38,19)", throw: numeric(19, 19)},
	{typ: "numeric", wire: "trim_scale(v)::text", same: `rtrim(rtrim(` + strings.TrimSuffix(sameNum, " = want") + `, '0'), '.') = want`,
		ddl: "DECIMAL(38,10)", edges: []string{nines[:28] + ".9999999999", "-0.0000000001", "0.000"}, throw: numeric(20, 10)},
	{typ: "percentage", same: sameNum, ddl: "DECIMAL(5,2)", edges: []string{"-999.99"}, throw: numeric(3, 2)},
	{typ: "percent", same: sameNum, ddl: "DECIMAL(5,2)", throw: numeric(3, 2)},
	{typ: "text", ddl: "VARCHAR", edges: []string{"", " ", "NULL", "null", "\\N", "thirteen byte", "=1+1", "-", "\"", "a,b\n\"c\"", "[]", "日本商事", "\u0001", strings.Repeat("x", 500)}, throw: words},
	{typ: "varchar(40)", ddl: "VARCHAR", edges: []string{"abc  "}, throw: short(40)},
	{typ: "char(12)", ddl: "VARCHAR", edges: []string{"", "é"}, throw: short(12)},
	{typ: "name", ddl: "VARCHAR", throw: short(15)},
	{typ: `"char"`, ddl: "VARCHAR", edges: []string{""}, throw: pick("a", "~", "0")},
	{typ: "mood", ddl: "VARCHAR", throw: pick("happy", "so-so", `sad, "very"`)},
	{typ: `"the mood"`, ddl: "VARCHAR", throw: pick("happy", "so-so", `sad, "very"`)},
	{typ: "json", ddl: "VARCHAR", edges: []string{"null", `{"b": 1,  "a": [null]}`, `"\u00e9"`}, throw: document},
	{typ: "jsonb", ddl: "VARCHAR", edges: []string{"null", `{"b": 1,  "a": [null]}`, "1.10"}, throw: document},
	{typ: "date", same: sameDay, ddl: "DATE", edges: []string{"infinity", "-infinity", "4713-01-01 BC", "5874897-12-31", "0001-01-01", "9999-12-31"}, throw: day},
	{typ: "timestamp", same: sameTime, ddl: "TIMESTAMP", edges: []string{"infinity", "-infinity", "4713-01-01 00:00:00 BC", "0044-03-15 12:00:00.5 BC", "1969-12-31 23:59:59.999999", "9999-12-31 23:59:59.999999"}, throw: instant},
	{typ: "timestamptz", same: sameTime, ddl: "TIMESTAMPTZ", edges: []string{"infinity", "-infinity", "0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999999+00"}, throw: instant},
	{typ: "uuid", ddl: "UUID", edges: []string{"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"}, throw: uuid},
	{typ: "bytea", wire: "encode(v, 'hex')", same: "lower(hex(v)) = want", ddl: "BLOB", edges: []string{`\x`, `\x00`, `\x5c78`}, throw: blob},
	{typ: "interval", wire: "CASE WHEN v IS NOT NULL THEN " + spanParts + " END", same: spanParts + " = want", ddl: "INTERVAL",
		edges: []string{"1 year -3 days +04:05:06.789", "-178000000 years", "178000000 years", "-1 microsecond", "0", "2147483647 days", "-00:00:00.000001"}, throw: span},
}

var nines = strings.Repeat("9", 38)

// differing is a query for the rows of from in which column c of the property, or an element of a, is not what PostgreSQL says.
// Where from has nothing but texts, they are first turned back.
func (c property) differing(i int, from string, texts bool) string {
	value, array, want, all := fmt.Sprint("c", i), fmt.Sprint("a", i), fmt.Sprint("w", i), fmt.Sprint("x", i)
	if texts {
		value, want = c.back(value), plainText(want)
		array, all = fmt.Sprintf("CAST(%s AS %s[])", array, c.ddl), fmt.Sprintf("CAST(%s AS VARCHAR[])", all)
		if c.ddl == "INTERVAL" {
			array = fmt.Sprintf("CAST(CAST(%s AS VARCHAR[]) AS INTERVAL[])", fmt.Sprint("a", i))
		}
	} else if c.ddl == "INTERVAL" { // Parquet has texts of it
		value, array = "CAST("+value+" AS INTERVAL)", "CAST("+array+" AS INTERVAL[])"
	}
	same := c.same
	if same == "" {
		same = "v::VARCHAR = want"
	}
	return fmt.Sprintf(`
		WITH scalars AS (SELECT CAST(id AS BIGINT) AS id, %s AS v, %s AS want FROM %s),
		lists AS (SELECT CAST(id AS BIGINT) AS id, %s AS a, %s AS x FROM %s),
		elements AS (SELECT id, unnest(a) AS v, unnest(x) AS want FROM lists WHERE len(a) = len(x))
		SELECT id, v::VARCHAR AS got, want FROM (SELECT * FROM scalars UNION ALL SELECT * FROM elements)
		 WHERE NOT coalesce((v IS NULL AND want IS NULL) OR (v IS NOT NULL AND (%s)), false)
		UNION ALL SELECT id, len(a)::VARCHAR, len(x)::VARCHAR FROM lists WHERE len(a) IS DISTINCT FROM len(x)
		ORDER BY ALL`, value, want, from, array, all, from, same)
}

// back turns a text of a CSV file into the value it was.
func (c property) back(column string) string {
	switch c.ddl {
	case "VARCHAR":
		return plainText(column)
	case "BLOB":
		return "unhex(" + column + "[3:])"
	case "INTERVAL":
		return "CAST(" + plainText(column) + " AS INTERVAL)"
	}
	return "CAST(" + column + " AS " + c.ddl + ")"
}

// plainText takes the apostrophe away that keeps a text from being a formula.
func plainText(column string) string {
	return "regexp_replace(" + column + `, '^''([=+@\t\r\n＝＋－＠-])', '\1')`
}

func pick(values ...string) func(*rand.Rand) string {
	return func(dice *rand.Rand) string { return values[dice.IntN(len(values))] }
}

func integer(bits int) func(*rand.Rand) string {
	return func(dice *rand.Rand) string {
		return strconv.FormatInt(int64(dice.Uint64())>>(64-bits+dice.IntN(bits)), 10)
	}
}

func float(bits int) func(*rand.Rand) string {
	return func(dice *rand.Rand) string {
		v := math.Float64frombits(dice.Uint64())
		if bits == 32 {
			v = float64(math.Float32frombits(dice.Uint32()))
		}
		return strconv.FormatFloat(v, 'g', -1, bits)
	}
}

// numeric has up to whole digits before the point and up to places behind it.
func numeric(whole, places int) func(*rand.Rand) string {
	return func(dice *rand.Rand) string {
		text := pick("", "-")(dice) + "0"
		for range dice.IntN(whole + 1) {
			text += strconv.Itoa(dice.IntN(10))
		}
		text += "."
		for range dice.IntN(places + 1) {
			text += strconv.Itoa(dice.IntN(10))
		}
		return text
	}
}

func words(dice *rand.Rand) string { return short(60)(dice) }

// short is a text of at most limit characters, in most cases fewer; it does not begin with an apostrophe, which CSV adds.
func short(limit int) func(*rand.Rand) string {
	const letters = "abc XYZ019 ,;:\"'\\\t\n[]{}()=+-@#%_|äßčžé€日本商事𝄞"
	all := []rune(letters)
	return func(dice *rand.Rand) string {
		out := make([]rune, dice.IntN(limit+1))
		bytes := 0
		for i := range out {
			if out[i] = all[dice.IntN(len(all))]; i == 0 && out[i] == '\'' {
				out[i] = 'a'
			}
			if bytes += len(string(out[i])); bytes > 4*limit-4 {
				return string(out[:i])
			}
		}
		return string(out)
	}
}

func document(dice *rand.Rand) string {
	return fmt.Sprintf(`{"n": %s, "s": %s, "l": [%d, null, true]}`, integer(64)(dice)+".5", strconv.QuoteToASCII(pick("a", "é", `"`)(dice)), dice.IntN(9))
}

func day(dice *rand.Rand) string {
	if dice.IntN(4) == 0 {
		return fmt.Sprintf("%04d-%02d-%02d BC", 1+dice.IntN(4712), 1+dice.IntN(12), 1+dice.IntN(28))
	}
	return fmt.Sprintf("%04d-%02d-%02d", 1+dice.IntN(9999), 1+dice.IntN(12), 1+dice.IntN(28))
}

func instant(dice *rand.Rand) string {
	return fmt.Sprintf("%04d-%02d-%02d %02d:%02d:%02d.%06d", 1+dice.IntN(9999), 1+dice.IntN(12), 1+dice.IntN(28), dice.IntN(24), dice.IntN(60), dice.IntN(60), dice.IntN(1_000_000))
}

func uuid(dice *rand.Rand) string {
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", dice.Uint32(), dice.IntN(1<<16), dice.IntN(1<<16), dice.IntN(1<<16), dice.Uint64()>>16)
}

func blob(dice *rand.Rand) string {
	b := make([]byte, dice.IntN(20))
	for i := range b {
		b[i] = byte(dice.Uint32())
	}
	return `\x` + hex.EncodeToString(b)
}

func span(dice *rand.Rand) string {
	return fmt.Sprintf("%d months %d days %d microseconds", dice.IntN(4000)-2000, dice.IntN(4000)-2000, int64(dice.Uint64())>>(10+dice.IntN(50)))
}
