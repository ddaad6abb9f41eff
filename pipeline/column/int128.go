package column

import (
	"math/big"
	"math/bits"
)

// Int128 is a signed 128-bit number in two's complement. Lo comes first, as in the engine's own layout, so that a vector of
// them can be copied whole.
type Int128 struct {
	Lo uint64
	Hi int64
}

// FromInt64 widens v.
func FromInt64(v int64) Int128 { return Int128{Lo: uint64(v), Hi: v >> 63} }

// Neg is -v.
func (v Int128) Neg() Int128 {
	lo, borrow := bits.Sub64(0, v.Lo, 0)
	hi, _ := bits.Sub64(0, uint64(v.Hi), borrow)
	return Int128{Lo: lo, Hi: int64(hi)}
}

// Int64 narrows v; ok is false when v does not fit.
func (v Int128) Int64() (n int64, ok bool) {
	return int64(v.Lo), v.Hi == int64(v.Lo)>>63
}

// Big is v as a big.Int.
func (v Int128) Big() *big.Int {
	n := big.NewInt(v.Hi)
	return n.Lsh(n, 64).Add(n, new(big.Int).SetUint64(v.Lo))
}

// Within reports whether |v| < limit, for a limit above 0.
func (v Int128) Within(limit Int128) bool {
	if v.Hi < 0 {
		v = v.Neg() // -2^127 stays negative, and as a number without sign it is above every limit
	}
	if uint64(v.Hi) != uint64(limit.Hi) {
		return uint64(v.Hi) < uint64(limit.Hi)
	}
	return v.Lo < limit.Lo
}

// PowerOfTen is 10^n for 0 ≤ n ≤ 38: the first number that Decimal of precision n cannot hold.
func PowerOfTen(n int) Int128 { return powers[n] }

var powers = func() (list [MaxPrecision + 1]Int128) {
	list[0] = Int128{Lo: 1}
	for i := 1; i < len(list); i++ {
		hi, lo := bits.Mul64(list[i-1].Lo, 10)
		list[i] = Int128{Lo: lo, Hi: list[i-1].Hi*10 + int64(hi)}
	}
	return list
}()
