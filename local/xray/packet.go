package xray

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/monthend/monthend/trace"
)

const (
	maxPacket      = 64 << 10 // bytes: no UDP packet is larger
	maxQueued      = 16 << 10 // packets between the socket and the store
	maxQueuedBytes = 64 << 20
	socketBuffer   = 4 << 20 // bytes asked of the kernel; it may give less
)

// ParsePacket reads one datagram of the daemon's protocol: a header line {"format":"json","version":1}, then one segment
// document. An error says which of the two is wrong, and nothing of what was in it beyond names and ids.
func ParsePacket(data []byte) (trace.Document, error) {
	line, document, found := bytes.Cut(data, []byte("\n"))
	if !found {
		return trace.Document{}, errors.New("no header line")
	}
	var header struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if err := json.Unmarshal(line, &header); err != nil {
		return trace.Document{}, fmt.Errorf("header line: %w", err)
	}
	if !strings.EqualFold(header.Format, "json") || header.Version != 1 {
		return trace.Document{}, fmt.Errorf("header line: format %.20q version %d: want json version 1", header.Format, header.Version)
	}
	return trace.ParseDocument(document)
}

// receive empties the socket and does nothing else: what the kernel's small buffer cannot hold of a burst is lost.
func (s *Server) receive(packets chan<- []byte) {
	defer close(packets)
	_ = s.packet.SetReadBuffer(socketBuffer) // a smaller one works too, with shorter bursts
	buffer := make([]byte, maxPacket)
	for {
		n, _, err := s.packet.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // some systems report a peer's trouble here; the socket goes on
			s.store.malformed(fmt.Errorf("read a packet: %w", err))
			continue
		}
		if !s.store.enqueue(n) {
			continue
		}
		packets <- bytes.Clone(buffer[:n])
	}
}

// take keeps what receive has queued.
func (s *Server) take(packets <-chan []byte) {
	for packet := range packets {
		s.store.dequeue(len(packet))
		d, err := ParsePacket(packet)
		if err != nil {
			s.store.malformed(err)
			continue
		}
		_ = s.store.put(d) // a refusal is counted, and there is no one to tell
	}
}
