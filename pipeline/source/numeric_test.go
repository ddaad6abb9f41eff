package source_test

import (
	"encoding/binary"
	"math/big"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/monthend/monthend/pipeline/source"
)

// wire writes value*10^exponent as the driver would send it.
func wire(t testing.TB, value *big.Int, exponent int32) []byte {
	t.Helper()
	raw, err := pgtype.NewMap().Encode(pgtype.NumericOID, pgtype.BinaryFormatCode, pgtype.Numeric{Int: value, Exp: exponent, Valid: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestDecodeNumeric(t *testing.T) {
	nines := strings.Repeat("9", 38)
	for _, test := range []struct {
		value            string
		exponent         int32
		precision, scale int
		want             string // unscaled
	}{
		{"0", 0, 18, 2, "0"},
		{"1", 0, 18, 2, "100"},
		{"-1", -2, 18, 2, "-1"},
		{"150", -2, 18, 2, "150"},
		{"999999999999999999", -2, 18, 2, "999999999999999999"},
		{nines, 0, 38, 0, nines},
		{"-" + nines, -38, 38, 38, "-" + nines},
		{nines, -1, 38, 1, nines},
		{nines, -37, 38, 37, nines},
		{"1", -38, 38, 38, "1"},
		{"1", 37, 38, 0, "1" + strings.Repeat("0", 37)},
		{"10000", 4, 38, 3, "100000000000"},
		{"123456789", -5, 38, 7, "12345678900"},
	} {
		value, _ := new(big.Int).SetString(test.value, 10)
		got, err := source.DecodeNumeric(wire(t, value, test.exponent), test.precision, test.scale)
		if err != nil {
			t.Errorf("%se%d: %v", test.value, test.exponent, err)
		} else if got.Big().String() != test.want {
			t.Errorf("%se%d at scale %d: got %s, want %s", test.value, test.exponent, test.scale, got.Big(), test.want)
		}
	}
}

func TestDecodeNumericErrors(t *testing.T) {
	header := func(count, weight int16, sign uint16, digits ...uint16) []byte {
		raw := binary.BigEndian.AppendUint16(nil, uint16(count))
		raw = binary.BigEndian.AppendUint16(raw, uint16(weight))
		raw = binary.BigEndian.AppendUint16(raw, sign)
		raw = binary.BigEndian.AppendUint16(raw, 16) // display scale
		for _, d := range digits {
			raw = binary.BigEndian.AppendUint16(raw, d)
		}
		return raw
	}
	for _, test := range []struct {
		raw  []byte
		want string
	}{
		{nil, "0 bytes are not of this type"},
		{header(1, 0, 0), "8 bytes are not"},
		{header(-1, 0, 0), "8 bytes are not"},
		{header(1, 0, 0, 10_000), "is no digit"},
		{header(0, 0, 0xC000), "NaN"},
		{header(0, 0, 0xD000), "infinite"},
		{header(0, 0, 0xF000), "infinite"},
		{header(0, 0, 0x1234), "sign"},
		{header(1, -1, 0, 1234), "more than 2 decimals"},
		{header(2, -1, 0, 1200, 1), "more than 2 decimals"},
		{header(1, 4, 0, 1), "too many digits"},
		{header(1, 32767, 0, 1), "too many digits"},
	} {
		if got, err := source.DecodeNumeric(test.raw, 18, 2); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%x: got %v, %v, want %q", test.raw, got, err, test.want)
		}
	}
	behind := header(1, -1, 0, 5000)
	behind[7] = 0 // half, and no decimals to be shown
	if _, err := source.DecodeNumeric(behind, 18, 2); err == nil {
		t.Error("a digit behind the display scale is taken")
	}
	if _, err := source.DecodeNumeric(header(0, 32767, 0), 18, 2); err != nil {
		t.Errorf("zero of a great weight: %v", err)
	}
}

// FuzzDecodeNumeric compares with the driver's decoder, which is another's work: what both take is the same number.
func FuzzDecodeNumeric(f *testing.F) {
	for _, value := range []int64{0, 1, -1, 9999, 10_000, 123456789, -1 << 63, 1<<63 - 1} {
		for _, exponent := range []int32{-20, -4, -2, -1, 0, 3, 8} {
			f.Add(wire(f, big.NewInt(value), exponent), uint8(38), uint8(6))
		}
	}
	f.Add([]byte("\x00\x01\xff\xff\x00\x00\x00\x01 0"), uint8(38), uint8(6)) // a digit behind the display scale, which the driver drops
	types := pgtype.NewMap()
	f.Fuzz(func(t *testing.T, raw []byte, precision, scale uint8) {
		p := int(precision)%38 + 1
		s := int(scale) % (p + 1)
		got, err := source.DecodeNumeric(raw, p, s)
		if err != nil {
			return
		}
		var want pgtype.Numeric
		if err := types.Scan(pgtype.NumericOID, pgtype.BinaryFormatCode, raw, &want); err != nil {
			t.Fatalf("%x: taken as %s, refused by the driver: %v", raw, got.Big(), err)
		}
		// got*10^-s = want.Int*10^want.Exp
		left, right := got.Big(), new(big.Int).Set(want.Int)
		ten := big.NewInt(10)
		if shift := int64(want.Exp) + int64(s); shift >= 0 {
			right.Mul(right, new(big.Int).Exp(ten, big.NewInt(shift), nil))
		} else {
			left.Mul(left, new(big.Int).Exp(ten, big.NewInt(-shift), nil))
		}
		if left.Cmp(right) != 0 {
			t.Errorf("%x at scale %d: got %s, the driver has %se%d", raw, s, got.Big(), want.Int, want.Exp)
		}
	})
}
