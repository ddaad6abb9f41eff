package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
)

// check refuses a sum that cannot be anybody's.
func (s Sum) check() error {
	if raw, err := hex.DecodeString(s.SHA256); err != nil || len(raw) != sha256.Size || s.Size < 0 {
		return fmt.Errorf("sum %q of %d bytes is not a sha256 in hex and a size", s.SHA256, s.Size)
	}
	return nil
}

// copySum copies r to w and sums what went by. It stops when ctx ends.
func copySum(ctx context.Context, w io.Writer, r io.Reader) (Sum, error) {
	hash := sha256.New()
	size, err := io.Copy(io.MultiWriter(w, hash), contextReader{ctx, r})
	return Sum{SHA256: hex.EncodeToString(hash.Sum(nil)), Size: size}, err
}

// contextReader ends a long copy with its context.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := context.Cause(c.ctx); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
