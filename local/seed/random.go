package seed

import (
	"math/bits"
	"math/rand/v2"
)

// dice are random numbers that stay the same for ever: the sequence of a PCG is fixed, and what is made of it is made here
// in integers, not by a library that may learn a better way.
type dice struct{ source *rand.PCG }

func newDice(seed uint64) dice { return dice{rand.NewPCG(0x4175726f72612054, seed)} }

// below is at least 0 and less than n. Its bias, of n in 2^64, is far below what anybody could see.
func (d dice) below(n int64) int64 {
	high, _ := bits.Mul64(d.source.Uint64(), uint64(n))
	return int64(high)
}

// skewed is below n with the small numbers more frequent, as sizes of invoices and shares of customers are.
func (d dice) skewed(n int64) int64 { return d.below(d.below(n) + 1) }

// choose is an index into weights, each as frequent as its weight.
func (d dice) choose(weights []int64) int {
	var sum int64
	for _, w := range weights {
		sum += w
	}
	at := d.below(sum)
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	return len(weights) - 1
}
