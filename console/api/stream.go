package api

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"time"
)

// opened is what the store opens.
type opened = io.ReadCloser

// stream reads a stored file as http.ServeContent wants it: it seeks where the store can, and otherwise reads on to the place, or
// anew. Read from its beginning, its last bytes are handed out only when all of it is what the manifest says: a file that was
// altered in the store never arrives whole.
type stream struct {
	file File
	open func() (opened, error)

	body opened
	at   int64 // of body
	want int64 // where the next Read reads
	sum  hash.Hash
	err  error // what went wrong while reading
}

// begin opens the file at a place.
func (s *stream) begin(at int64) error {
	s.close()
	body, err := s.open()
	if err != nil {
		return err
	}
	s.body, s.at, s.sum = body, 0, nil
	switch seeker, ok := body.(io.Seeker); {
	case at == 0:
		s.sum = sha256.New()
	case ok:
		if _, err := seeker.Seek(at, io.SeekStart); err != nil {
			return err
		}
		s.at = at
	default:
		if s.at, err = io.CopyN(io.Discard, body, at); err != nil {
			return err
		}
	}
	return nil
}

// Seek only notes the place.
func (s *stream) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += s.want
	case io.SeekEnd:
		offset += s.file.Bytes
	}
	if offset < 0 {
		return 0, errors.New("seek before the beginning")
	}
	s.want = offset
	return offset, nil
}

func (s *stream) Read(p []byte) (int, error) {
	n, err := s.read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

func (s *stream) read(p []byte) (int, error) {
	if s.want >= s.file.Bytes {
		return 0, io.EOF
	}
	if s.body == nil || s.want != s.at {
		if err := s.begin(s.want); err != nil {
			return 0, err
		}
	}
	if left := s.file.Bytes - s.at; int64(len(p)) > left {
		p = p[:left]
	}
	n, err := s.body.Read(p)
	if n == 0 && err == io.EOF {
		return 0, fmt.Errorf("the stored file has %d bytes, not %d: %w", s.at, s.file.Bytes, io.ErrUnexpectedEOF)
	}
	if err == io.EOF {
		err = nil // the end is where the manifest says
	}
	s.at += int64(n)
	s.want = s.at
	if s.sum == nil {
		return n, err
	}
	s.sum.Write(p[:n])
	if got := hex.EncodeToString(s.sum.Sum(nil)); s.at == s.file.Bytes && got != s.file.SHA256 {
		return 0, fmt.Errorf("the stored file has sha256 %s, not %s", got, s.file.SHA256)
	}
	return n, err
}

func (s *stream) close() {
	if s.body != nil {
		s.body.Close() // it was only read
		s.body = nil
	}
}

// patient gives each part of an answer its own time, so that a large file may take long and a reader that stands still may not.
// What http.ServeContent refuses in its own words is kept back, to be told as a problem.
type patient struct {
	http.ResponseWriter
	time    time.Duration
	refused int // the status
}

func (p *patient) WriteHeader(status int) {
	if status >= 400 {
		p.refused = status
		return
	}
	p.ResponseWriter.WriteHeader(status)
}

func (p *patient) Write(b []byte) (int, error) {
	if p.refused != 0 {
		return len(b), nil
	}
	// A writer that knows no deadlines has none to set anew.
	err := http.NewResponseController(p.ResponseWriter).SetWriteDeadline(time.Now().Add(p.time))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return p.ResponseWriter.Write(b)
}
