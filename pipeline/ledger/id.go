package ledger

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"time"
)

// crockford has no i, l, o and u, so an id can be read aloud; its order is that of the bytes.
var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID makes an id such as run_06f3m8k2v0tq7y5c9b1d4e6g8h: 48 bits of milliseconds, so that ids sort by time as far as the
// clocks of their makers agree, then 80 random bits, so that none needs to agree for an id to be unique.
func NewID() string { return makeID(time.Now()) }

func makeID(at time.Time) string {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], uint64(at.UnixMilli())<<16)
	rand.Read(raw[6:]) // never fails: the runtime ends the program first
	return "run_" + crockford.EncodeToString(raw[:])
}
