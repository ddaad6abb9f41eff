package faults_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
)

// link is one connection through a Proxy. It reads PostgreSQL's protocol as far as traps need it: which statement a message
// executes, and when its answer is whole.
type link struct {
	proxy          *Proxy
	client, server net.Conn
	ended          chan struct{}
	end            sync.Once

	statements map[string]string // text by name, as the client had them parsed; of the client's pump only

	mu      sync.Mutex
	awaited []func() Verdict // what to do once the answer under way is whole
}

func newLink(p *Proxy, client, server net.Conn) *link {
	return &link{proxy: p, client: client, server: server, ended: make(chan struct{}), statements: map[string]string{}}
}

func (l *link) close() {
	l.end.Do(func() {
		close(l.ended)
		l.client.Close()
		l.server.Close()
	})
}

// pump carries both directions until one of them ends.
func (l *link) pump() {
	var both sync.WaitGroup
	both.Go(func() {
		defer l.close()
		l.requests()
	})
	both.Go(func() {
		defer l.close()
		l.answers()
	})
	both.Wait()
}

// The codes in place of a protocol version by which a client asks for encryption.
const (
	codeSSL = 80877103
	codeGSS = 80877104
)

// requests carries what the client sends, one message at a time.
func (l *link) requests() error {
	in := bufio.NewReader(l.client)
	for {
		startup, err := readFrame(in, 0)
		if err != nil {
			return err
		}
		if code := binary.BigEndian.Uint32(startup[4:]); code == codeSSL || code == codeGSS {
			if _, err := l.client.Write([]byte{'N'}); err != nil {
				return err
			}
			continue
		}
		if err := l.forward(l.server, startup); err != nil {
			return err
		}
		break
	}
	for {
		frame, err := readFrame(in, 1)
		if err != nil {
			return err
		}
		if text := l.executed(frame); text != "" {
			s := l.proxy.spring(text)
			l.mu.Lock()
			l.awaited = s.after
			l.mu.Unlock()
			if judge(s.before) != Pass() {
				return nil
			}
		}
		if err := l.forward(l.server, frame); err != nil {
			return err
		}
	}
}

// answers carries what the server sends. While an answer is awaited it is kept until it is whole: by then the statement has
// taken effect, and the client knows nothing of it.
func (l *link) answers() error {
	in := bufio.NewReader(l.server)
	var kept []byte
	for {
		frame, err := readFrame(in, 1)
		if err != nil {
			return err
		}
		l.mu.Lock()
		awaited := l.awaited
		ready := frame[0] == 'Z'
		if ready {
			l.awaited = nil
		}
		l.mu.Unlock()
		kept = append(kept, frame...)
		if awaited != nil && !ready {
			continue
		}
		if judge(awaited) != Pass() {
			return nil
		}
		if err := l.forward(l.client, kept); err != nil {
			return err
		}
		kept = kept[:0]
	}
}

func (l *link) forward(to net.Conn, data []byte) error {
	if !l.proxy.gate(l.ended) {
		return net.ErrClosed
	}
	_, err := to.Write(data)
	return err
}

// executed is the text of the statement that a message executes, with its parameters behind it; "" for other messages.
func (l *link) executed(frame []byte) string {
	body := frame[5:]
	switch frame[0] {
	case 'Q': // a simple query
		return string(body)
	case 'P': // parse: name, text
		name, rest, _ := bytes.Cut(body, []byte{0})
		text, _, _ := bytes.Cut(rest, []byte{0})
		l.statements[string(name)] = string(text)
	case 'B': // bind: portal, name, parameters
		_, rest, _ := bytes.Cut(body, []byte{0})
		name, parameters, _ := bytes.Cut(rest, []byte{0})
		return l.statements[string(name)] + "\n" + string(parameters)
	}
	return ""
}

// maxFrame bounds one message; no test comes near.
const maxFrame = 64 << 20

// readFrame reads one message: a type of so many bytes, its length, its body.
func readFrame(in *bufio.Reader, typed int) ([]byte, error) {
	head := make([]byte, typed+4)
	if _, err := io.ReadFull(in, head); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[typed:])
	if size < 4 || size > maxFrame || typed == 0 && size < 8 {
		return nil, errors.New("not a message of PostgreSQL")
	}
	frame := append(head, make([]byte, size-4)...)
	_, err := io.ReadFull(in, frame[len(head):])
	return frame, err
}
