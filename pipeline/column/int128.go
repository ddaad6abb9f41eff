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
