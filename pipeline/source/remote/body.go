package remote

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

// save unpacks an answer into the file. Both are counted, what comes and what it becomes: a few bytes can unpack into any number.
func (c *call) save(r *http.Response) (int64, string, error) {
	packed := &counted{r: r.Body, left: c.limit, limit: c.limit}
	var body io.Reader = packed
	switch encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		unpacked, err := gzip.NewReader(packed)
		if err != nil {
			return 0, "", damaged(err)
		}
		body = &counted{r: unpacked, left: c.limit, limit: c.limit}
	default:
		return 0, "", refuse("it answered in an encoding that was not asked for")
	}
	n, sum, err := write(c.to, body)
	return n, sum, damaged(err)
}

// damaged is an answer that came, and is not whole.
func damaged(err error) error {
	switch {
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.Is(err, io.ErrUnexpectedEOF), isCorrupt(err):
		return passing(err, "the answer came damaged or cut off")
	}
	return err
}

// isCorrupt reports whether packed data cannot be unpacked.
func isCorrupt(err error) bool {
	return err != nil && strings.HasPrefix(err.Error(), "flate: corrupt input")
}

// counted ends with an error where more comes than may.
type counted struct {
	r           io.Reader
	left, limit int64
}

func (c *counted) Read(p []byte) (int, error) {
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1]
	}
	n, err := c.r.Read(p)
	if c.left -= int64(n); c.left < 0 {
		return 0, tooLarge(c.limit)
	}
	return n, err
}

func tooLarge(limit int64) error {
	if limit < 1<<20 {
		return refuse("there is more than %d bytes of it", limit)
	}
	return refuse("there is more than %d MB of it; max_mb says how much there may be, up to MONTHEND_SOURCE_MAX_MB", limit>>20)
}

// write writes a file anew and hashes it. What is left of it after an error is written over by the next call, or removed with the run.
func write(to string, from io.Reader) (n int64, sum string, err error) {
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, "", fmt.Errorf("save: %w", err)
	}
	hash := sha256.New()
	n, err = io.Copy(io.MultiWriter(out, hash), from)
	if err := errors.Join(err, out.Close()); err != nil {
		return n, "", err
	}
	return n, hex.EncodeToString(hash.Sum(nil)), nil
}
