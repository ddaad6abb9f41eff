package trace_test

import (
	"bytes"
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/monthend/monthend/trace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// daemon is a UDP listener that keeps what arrives.
type daemon struct {
	tb      testing.TB
	conn    net.PacketConn
	arrived chan []byte
}

func listen(tb testing.TB) *daemon { return listenOn(tb, "127.0.0.1:0") }

// listenOn reads until the test ends; past what fits, it throws away.
func listenOn(tb testing.TB, address string) *daemon {
	tb.Helper()
	conn, err := net.ListenPacket("udp4", address)
	if err != nil {
		tb.Fatal(err)
	}
	d := &daemon{tb, conn, make(chan []byte, 8192)}
	var reading sync.WaitGroup
	reading.Go(func() {
		buf := make([]byte, 64<<10)
		for {
			n, _, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			select {
			case d.arrived <- bytes.Clone(buf[:n]):
			default:
			}
		}
	})
	tb.Cleanup(func() { // what no test looked at is held to the rules all the same
		conn.Close()
		reading.Wait()
		close(d.arrived)
		for range 1000 { // more are of a load test, and all alike
			if datagram := <-d.arrived; datagram != nil && string(datagram) != lastWords {
				d.parse(datagram)
			}
		}
	})
	return d
}

func (d *daemon) addr() string { return d.conn.LocalAddr().String() }

// next is the next datagram's document, checked against every rule of X-Ray's.
func (d *daemon) next() trace.Document {
	d.tb.Helper()
	select {
	case datagram := <-d.arrived:
		return d.parse(datagram)
	case <-time.After(time.Minute):
		d.tb.Fatal("no document within a minute")
		return trace.Document{}
	}
}

// lastWords is no document.
const lastWords = "last words"

// drain is everything that arrived so far. It sends last words of its own until they come through: order is kept on the
// loopback, and a datagram before them that is missing was lost there.
func (d *daemon) drain() []trace.Document {
	d.tb.Helper()
	conn, err := net.Dial("udp4", d.addr())
	if err != nil {
		d.tb.Fatal(err)
	}
	defer conn.Close()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	var all []trace.Document
	for {
		select {
		case datagram := <-d.arrived:
			if string(datagram) == lastWords {
				return all
			}
			all = append(all, d.parse(datagram))
		case <-again.C:
			if _, err := conn.Write([]byte(lastWords)); err != nil {
				d.tb.Fatal(err)
			}
		}
	}
}

func (d *daemon) parse(datagram []byte) trace.Document {
	d.tb.Helper()
	head, body, _ := bytes.Cut(datagram, []byte("\n"))
	if got, want := string(head), `{"format":"json","version":1}`; got != want {
		d.tb.Fatalf("datagram begins %q, want %q", got, want)
	}
	if bytes.Contains(body, []byte("Dummy")) {
		d.tb.Errorf("the SDK's Dummy is in %s", body)
	}
	doc, err := trace.ParseDocument(body)
	if err != nil {
		d.tb.Fatalf("%v: %s", err, body)
	}
	for _, v := range trace.Validate(doc) {
		d.tb.Error(v)
	}
	return doc
}

// documents closes t, which sends everything, and gives all that came, in order, by name.
func (d *daemon) documents(t *trace.Tracer) []trace.Document {
	d.tb.Helper()
	if err := t.Close(context.Background()); err != nil {
		d.tb.Fatal(err)
	}
	var all []trace.Document
	for range t.Counters().Sent {
		all = append(all, d.next())
	}
	return all
}

// one is documents where exactly one is expected.
func (d *daemon) one(t *trace.Tracer) trace.Document {
	d.tb.Helper()
	all := d.documents(t)
	if len(all) != 1 {
		d.tb.Fatalf("got %d documents, want 1", len(all))
	}
	return all[0]
}

// byName finds the only document called name.
func byName(tb testing.TB, all []trace.Document, name string) trace.Document {
	tb.Helper()
	var found []trace.Document
	for _, d := range all {
		if d.Name == name {
			found = append(found, d)
		}
	}
	if len(found) != 1 {
		tb.Fatalf("got %d documents called %q, want 1", len(found), name)
	}
	return found[0]
}

func newTracer(tb testing.TB, cfg trace.Config) *trace.Tracer {
	tb.Helper()
	t, err := trace.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := t.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return t
}
