package column_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/monthend/monthend/pipeline/column"
)

func TestBatchIsReused(t *testing.T) {
	columns := []column.Column{
		{Name: "id", Type: column.Type{Kind: column.Int64}},
		{Name: "name", Type: column.Type{Kind: column.Text}},
	}
	var b column.Batch
	fill := func(names ...string) {
		b.Reset(columns)
		for i, name := range names {
			b.Vectors[0].Int64s[i] = int64(i)
			b.Vectors[0].SetValid(i)
			if name == "" {
				b.Vectors[1].SetNull(i)
			} else {
				b.Vectors[1].SetBytes(i, []byte(name))
			}
			b.Add()
		}
	}
	fill("one", "", "three")
	first := &b.Vectors[0].Int64s[0]
	if got := string(b.Vectors[1].Value(2)); got != "three" {
		t.Errorf("got %q, want three", got)
	}
	if b.Vectors[1].IsValid(1) || len(b.Vectors[1].Value(1)) != 0 {
		t.Error("row 1 is not NULL and empty")
	}
	fill("", "zwei")
	if b.Len() != 2 || b.Vectors[1].IsValid(0) || string(b.Vectors[1].Value(1)) != "zwei" {
		t.Errorf("the second fill holds %d rows, row 1 is %q", b.Len(), b.Vectors[1].Value(1))
	}
	if first != &b.Vectors[0].Int64s[0] {
		t.Error("the vectors were made again for the same columns")
	}
}

func TestBatchFull(t *testing.T) {
	var b column.Batch
	b.Reset(nil)
	for !b.Full() {
		b.Add()
	}
	if b.Len() != column.Size {
		t.Errorf("got %d rows, want %d", b.Len(), column.Size)
	}
}

func TestInt128(t *testing.T) {
	for _, n := range []int64{0, 1, -1, 42, math.MaxInt64, math.MinInt64} {
		v := column.FromInt64(n)
		if got, ok := v.Int64(); !ok || got != n {
			t.Errorf("Int64 of %d: got %d, %v", n, got, ok)
		}
		if got := v.Big(); got.Cmp(big.NewInt(n)) != 0 {
			t.Errorf("Big of %d: got %s", n, got)
		}
		want := new(big.Int).Neg(big.NewInt(n))
		if got := v.Neg().Big(); got.Cmp(want) != 0 {
			t.Errorf("Neg of %d: got %s, want %s", n, got, want)
		}
	}
	if _, ok := (column.Int128{Lo: 1 << 63}).Int64(); ok {
		t.Error("2^63 fits an int64")
	}
}

func TestTypeCheck(t *testing.T) {
	good := []column.Type{{Kind: column.Text}, {Kind: column.Decimal, Precision: 38, Scale: 38}, {Kind: column.Decimal, Precision: 1}}
	for _, typ := range good {
		if err := typ.Check(); err != nil {
			t.Errorf("%v: %v", typ, err)
		}
	}
	bad := []column.Type{{}, {Kind: 99}, {Kind: column.Decimal}, {Kind: column.Decimal, Precision: 39}, {Kind: column.Decimal, Precision: 2, Scale: 3}}
	for _, typ := range bad {
		if err := typ.Check(); err == nil {
			t.Errorf("%v passes", typ)
		}
	}
}

func TestPowerOfTen(t *testing.T) {
	for n := 0; n <= column.MaxPrecision; n++ {
		want := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
		got := column.PowerOfTen(n)
		if got.Big().Cmp(want) != 0 {
			t.Errorf("10^%d: got %s", n, got.Big())
		}
		below := column.Int128{Lo: got.Lo - 1, Hi: got.Hi}
		if got.Within(got) || got.Neg().Within(got) || !below.Within(got) || !below.Neg().Within(got) {
			t.Errorf("10^%d is not the first that does not fit", n)
		}
	}
	if (column.Int128{Hi: math.MinInt64}).Within(column.PowerOfTen(38)) {
		t.Error("-2^127 is within 10^38")
	}
}
