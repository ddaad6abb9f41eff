package source

import (
	"encoding/binary"
	"math/bits"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/zeebo/xxh3"
)

// digest is a hash of a set of rows that does not depend on their order: the sum, modulo 2^128, of a 128-bit hash of each
// row. A row twice counts twice; unlike an exclusive or, a sum does not lose it. It finds changes, it is no defence
// against somebody who makes collisions on purpose.
type digest struct {
	header []byte // the names and types of the columns
	seed   uint64 // of every row's hash
	hi, lo uint64
	rows   int64
	buffer []byte
}

// firstOwnType is where the numbers begin that a database gives out itself: in another one they are others.
const firstOwnType = 16384

func newDigest(fields []pgconn.FieldDescription, types catalog) *digest {
	d := &digest{}
	for _, f := range fields {
		d.header = binary.BigEndian.AppendUint32(d.header, uint32(len(f.Name)))
		d.header = append(d.header, f.Name...)
		if f.DataTypeOID < firstOwnType {
			d.header = binary.BigEndian.AppendUint32(d.header, f.DataTypeOID)
			continue
		}
		name := types.name(f.DataTypeOID)
		d.header = binary.BigEndian.AppendUint32(d.header, firstOwnType)
		d.header = binary.BigEndian.AppendUint32(d.header, uint32(len(name)))
		d.header = append(d.header, name...)
	}
	d.seed = xxh3.Hash(d.header)
	return d
}

// isNull is the length that stands for NULL, which no value has: NULL and empty are different rows.
const isNull = 1<<32 - 1

// join puts the values of a row together again as they were on the wire: each behind its length.
func (d *digest) join(values [][]byte) []byte {
	b := d.buffer[:0]
	for _, v := range values {
		if v == nil {
			b = binary.BigEndian.AppendUint32(b, isNull)
			continue
		}
		b = binary.BigEndian.AppendUint32(b, uint32(len(v)))
		b = append(b, v...)
	}
	d.buffer = b
	return b
}

// add counts one row as it was on the wire.
func (d *digest) add(row []byte) {
	h := xxh3.Hash128Seed(row, d.seed)
	var carry uint64
	d.lo, carry = bits.Add64(d.lo, h.Lo, 0)
	d.hi, _ = bits.Add64(d.hi, h.Hi, carry)
	d.rows++
}

// sum is the digest of the columns, the rows and their number.
func (d *digest) sum() [16]byte {
	b := append([]byte(nil), d.header...)
	b = binary.BigEndian.AppendUint64(b, d.hi)
	b = binary.BigEndian.AppendUint64(b, d.lo)
	b = binary.BigEndian.AppendUint64(b, uint64(d.rows))
	return xxh3.Hash128(b).Bytes()
}
