package source

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"testing"

	"github.com/monthend/monthend/pipeline/column"
)

// drip is a connection that hands out its bytes in pieces of any size, and now and then times out instead.
type drip struct {
	net.Conn // nothing but Read is called
	rest     []byte
	random   *rand.Rand
	most     int
}

func (d *drip) Read(p []byte) (int, error) {
	if d.random.IntN(10) == 0 {
		return 0, os.ErrDeadlineExceeded
	}
	if len(d.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 1+d.random.IntN(d.most))], d.rest)
	d.rest = d.rest[n:]
	return n, nil
}

// ahead is the driver that now and then has read ahead: it keeps up to three reads before it looks at them.
type ahead struct {
	wire   *wire
	random *rand.Rand
	kept   [][]byte
}

func (a *ahead) Read(p []byte) (int, error) {
	for range a.random.IntN(4) {
		more := make([]byte, 1+a.random.IntN(4096))
		n, err := a.wire.Read(more)
		if err != nil {
			break // met again by the read below, or later
		}
		a.kept = append(a.kept, more[:n])
	}
	if len(a.kept) == 0 {
		return a.wire.Read(p)
	}
	n := copy(p, a.kept[0])
	if a.kept[0] = a.kept[0][n:]; len(a.kept[0]) == 0 {
		a.kept = a.kept[1:]
	}
	return n, nil
}

// TestWire reads a stream of messages as an extraction does: rows beside the driver, everything else as the driver, which
// may take a row as well. Nothing is lost or told twice, however the bytes arrive.
func TestWire(t *testing.T) {
	for seed := range uint64(25) {
		random := rand.New(rand.NewPCG(4, seed))
		var stream, want []byte
		for range 200 {
			size := random.IntN(40)
			if random.IntN(40) == 0 {
				size = random.IntN(3 * readBuffer)
			}
			if random.IntN(100) == 0 {
				size = keptBuffer + random.IntN(100)
			}
			kind := []byte("DDDDCNSZ")[random.IntN(8)]
			body := bytes.Repeat([]byte{byte(random.IntN(256))}, size)
			stream = append(stream, kind)
			stream = binary.BigEndian.AppendUint32(stream, uint32(4+size))
			stream = append(stream, body...)
		}
		want = stream
		w := newWire(&drip{rest: stream, random: random, most: 1 + random.IntN(2*readBuffer)})
		driver := frontend{&ahead{wire: w, random: random}, &w.looked}
		var got []byte
		p := make([]byte, 8192)
		for {
			if random.IntN(2) == 0 {
				if row, ok := w.row(); ok {
					got = append(got, dataRow)
					got = binary.BigEndian.AppendUint32(got, uint32(4+2+len(row)))
					at := len(got)
					got = append(got, want[at:at+2]...) // the number of values, which is passed over
					got = append(got, row...)
					continue
				}
			}
			w.release()
			n, err := driver.Read(p)
			got = append(got, p[:n]...)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("seed %d: %d bytes are not the %d that were sent", seed, len(got), len(want))
		}
	}
}

func TestWireRefusesNonsense(t *testing.T) {
	for _, header := range []string{"D\x00\x00\x00\x03", "D\xff\xff\xff\xff", "D\x7f\xff\xff\xff"} {
		w := newWire(&drip{rest: []byte(header), random: rand.New(rand.NewPCG(0, 1)), most: 100})
		if _, ok := w.row(); ok {
			t.Errorf("%q is a row", header)
		}
		_, err := w.Read(make([]byte, 100))
		for errors.Is(err, os.ErrDeadlineExceeded) {
			_, err = w.Read(make([]byte, 100))
		}
		if err == nil {
			t.Errorf("%q is a message", header)
		}
	}
}

// TestDecodeRefusesDamage cuts a row everywhere, and lets its lengths lie.
func TestDecodeRefusesDamage(t *testing.T) {
	whole := []byte("\x00\x00\x00\x02ab\xff\xff\xff\xff\x00\x00\x00\x00")
	r := textRows(3)
	if err := r.decode(whole, r.batch()); err != nil {
		t.Error(err)
	}
	for n := range whole {
		if err := r.decode(whole[:n], r.batch()); !errors.Is(err, errCutRow) {
			t.Errorf("%d bytes: got %v", n, err)
		}
	}
	for _, row := range [][]byte{append(whole[:len(whole):len(whole)], 0), []byte("\x00\x00\x00\x09ab\xff\xff\xff\xff\x00\x00\x00\x00"),
		[]byte("\x80\x00\x00\x00ab\xff\xff\xff\xff\x00\x00\x00\x00")} {
		if err := r.decode(row, r.batch()); !errors.Is(err, errCutRow) {
			t.Errorf("%q: got %v", row, err)
		}
	}
}

type answerOfTexts struct{ *Rows }

// textRows is an answer of so many text columns.
func textRows(columns int) answerOfTexts {
	st := &statement{}
	for range columns {
		st.columns = append(st.columns, column.Column{Name: "c", Type: column.Type{Kind: column.Text}})
		st.decoders = append(st.decoders, decodeBytes)
	}
	return answerOfTexts{&Rows{statement: st, digest: &digest{}}}
}

func (r answerOfTexts) batch() *column.Batch {
	b := new(column.Batch)
	b.Reset(r.columns)
	return b
}
