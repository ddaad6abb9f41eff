package source

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// wire is a connection to the server that knows where its messages begin. The driver reads through it, never beyond one
// message, so that whenever the next one is a row of an answer, that row can be taken here: decoded where it lies in the
// buffer, without being split into values first. All other messages, and all that goes wrong, are the driver's.
//
// The driver may read ahead: where one of its writes takes long it begins to read beside it, lest both sides wait for the
// other, and that read may still go on, or begin only, when the rows are here already. So one at a time reads, and
// no row is taken while the driver keeps bytes that it has not looked at.
type wire struct {
	net.Conn
	reading    sync.Mutex // held by who reads
	rowing     bool       // rows are being taken: reading is held until release
	buffer     []byte
	start, end int          // of what is read and not handed out
	left       int          // bytes of the message that the driver has begun to read
	handed     int64        // bytes handed out to the driver
	looked     atomic.Int64 // those of them that it has looked at
}

// frontend is where the driver looks at what it has read.
type frontend struct {
	io.Reader
	looked *atomic.Int64
}

func (f frontend) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	f.looked.Add(int64(n))
	return n, err
}

const (
	// readBuffer is how many bytes are taken from the network at a time. The server sends 8 KB at a time; where it is ahead,
	// taking more at once is a fifth of an extraction's system time less.
	readBuffer = 128 << 10
	// keptBuffer is the largest buffer that is kept once a message larger than readBuffer has passed.
	keptBuffer = 4 << 20

	headerSize = 5 // of a message: its type, and the length of the rest, itself included
	dataRow    = 'D'
)

// tap has the driver read through a wire.
func tap(cfg *pgx.ConnConfig) {
	cfg.AfterNetConnect = func(_ context.Context, _ *pgconn.Config, conn net.Conn) (net.Conn, error) {
		return newWire(conn), nil
	}
	cfg.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		return pgproto3.NewFrontend(frontend{r, &w.(*wire).looked}, w)
	}
}

func newWire(conn net.Conn) *wire { return &wire{Conn: conn, buffer: make([]byte, readBuffer)} }

// Read hands the driver the next bytes of one message.
func (w *wire) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	w.reading.Lock()
	defer w.reading.Unlock()
	if w.left == 0 {
		_, size, err := w.message()
		if err != nil {
			return 0, err
		}
		w.left = size
	}
	if err := w.fill(1); err != nil {
		return 0, err
	}
	n := copy(p[:min(len(p), w.left)], w.buffer[w.start:w.end])
	w.start += n
	w.left -= n
	w.handed += int64(n)
	return n, nil
}

// row is the values of the next message if that is a row, each behind its length, good until the next call. Otherwise it is the driver's turn: to look
// at what it has read, to read another message, or to meet the error again that was met here. Until then, or until release,
// the driver reads nothing.
func (w *wire) row() (row []byte, ok bool) {
	if !w.rowing {
		// Never waited for: what the driver reads ahead may be the end of all that the server has to say.
		if !w.reading.TryLock() {
			return nil, false
		}
		w.rowing = true
	}
	defer func() {
		if !ok {
			w.release()
		}
	}()
	if w.left != 0 || w.handed != w.looked.Load() {
		return nil, false
	}
	kind, size, err := w.message()
	if err != nil || kind != dataRow || w.fill(size) != nil {
		return nil, false
	}
	row = w.buffer[w.start+headerSize : w.start+size]
	if len(row) < 2 {
		return nil, false
	}
	w.start += size
	return row[2:], true // behind the number of values
}

// release lets the driver read again; whoever takes rows says so before anything else is done with the connection.
func (w *wire) release() {
	if w.rowing {
		w.rowing = false
		w.reading.Unlock()
	}
}

// message looks at the next message's type and whole size.
func (w *wire) message() (kind byte, size int, err error) {
	if err := w.fill(headerSize); err != nil {
		return 0, 0, err
	}
	length := binary.BigEndian.Uint32(w.buffer[w.start+1:])
	if length < 4 || length > 1<<30+headerSize { // the server's own limit is 1 GB
		return 0, 0, fmt.Errorf("a message of %d bytes is none of the server's", length)
	}
	return w.buffer[w.start], 1 + int(length), nil
}

// fill sees to it that n bytes can be handed out.
func (w *wire) fill(n int) error {
	if w.end-w.start >= n {
		return nil
	}
	if w.start == w.end {
		w.start, w.end = 0, 0
		if len(w.buffer) > keptBuffer {
			w.buffer = make([]byte, readBuffer)
		}
	}
	if w.start+n > len(w.buffer) {
		into := w.buffer
		if n > len(into) {
			into = make([]byte, n)
		}
		w.end = copy(into, w.buffer[w.start:w.end])
		w.start, w.buffer = 0, into
	}
	for w.end-w.start < n {
		read, err := w.Conn.Read(w.buffer[w.end:])
		w.end += read
		if err != nil && w.end-w.start < n {
			return err
		}
	}
	return nil
}
