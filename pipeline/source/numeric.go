package source

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"github.com/monthend/monthend/pipeline/column"
)

// The signs of a numeric on the wire.
const (
	numericPositive  = 0x0000
	numericNegative  = 0x4000
	numericNaN       = 0xC000
	numericInfinity  = 0xD000
	numericNInfinity = 0xF000
)

var errTooWide = errors.New("the numeric has too many digits")

// decodeNumeric reads a numeric from the wire as its value times 10^scale, exactly, and refuses what has more than
// precision digits or digits behind scale.
//
// On the wire: int16 number of digits, int16 weight, uint16 sign, uint16 display scale, and digits in base 10,000; digit i
// counts 10,000^(weight-i).
func decodeNumeric(raw []byte, precision, scale int) (column.Int128, error) {
	var v column.Int128
	if len(raw) < 8 {
		return v, errLength(len(raw))
	}
	count := int(int16(binary.BigEndian.Uint16(raw)))
	weight := int(int16(binary.BigEndian.Uint16(raw[2:])))
	sign := binary.BigEndian.Uint16(raw[4:])
	digits := raw[8:]
	switch sign {
	case numericPositive, numericNegative:
	case numericNaN:
		return v, errors.New("the numeric NaN has no decimal value")
	case numericInfinity, numericNInfinity:
		return v, errors.New("an infinite numeric has no decimal value")
	default:
		return v, fmt.Errorf("the sign %#x is no numeric's", sign)
	}
	if count < 0 || len(digits) != 2*count {
		return v, errLength(len(raw))
	}
	// The display scale bounds the decimals too: the server sends none behind it, so who does is not the server.
	places := min(scale, int(binary.BigEndian.Uint16(raw[6:])))
	// power is the exponent of ten of the digit at hand, counted in units of the last place.
	power := 4*weight + places
	for i := range count {
		digit := uint64(binary.BigEndian.Uint16(digits[2*i:]))
		if digit > 9999 {
			return v, fmt.Errorf("%d is no digit of a numeric", digit)
		}
		var err error
		switch {
		case power > -4 && power < 0: // the digit straddles the last place, which only the last one can
			below := smallPowers[-power]
			if digit%below != 0 {
				return v, fmt.Errorf("the numeric has more than %d decimals", places)
			}
			v, err = timesPlus(v, smallPowers[4+power], digit/below)
		case power <= -4:
			if digit != 0 {
				return v, fmt.Errorf("the numeric has more than %d decimals", places)
			}
		default:
			v, err = timesPlus(v, 10_000, digit)
		}
		if err != nil {
			return v, err
		}
		power -= 4
	}
	if v == (column.Int128{}) {
		return v, nil
	}
	// Zeros at the end are not sent. The last digit that was counted 10^(power+4) last places, or one where it straddled.
	for zeros := max(0, power+4) + scale - places; zeros > 0; zeros -= 4 {
		var err error
		if v, err = timesPlus(v, smallPowers[min(zeros, 4)], 0); err != nil {
			return v, err
		}
	}
	if !v.Within(column.PowerOfTen(precision)) {
		return v, errTooWide
	}
	if sign == numericNegative {
		v = v.Neg()
	}
	return v, nil
}

var smallPowers = [5]uint64{1, 10, 100, 1000, 10_000}

// timesPlus is v*factor + add for v ≥ 0.
func timesPlus(v column.Int128, factor, add uint64) (column.Int128, error) {
	if v.Hi == 0 { // nearly always: up to 19 digits
		hi, lo := bits.Mul64(v.Lo, factor)
		lo, carry := bits.Add64(lo, add, 0)
		return column.Int128{Lo: lo, Hi: int64(hi + carry)}, nil
	}
	over, hi := bits.Mul64(uint64(v.Hi), factor)
	carried, lo := bits.Mul64(v.Lo, factor)
	lo, carry := bits.Add64(lo, add, 0)
	hi, carry = bits.Add64(hi, carried, carry)
	if over != 0 || carry != 0 || hi>>63 != 0 {
		return v, errTooWide
	}
	return column.Int128{Lo: lo, Hi: int64(hi)}, nil
}
