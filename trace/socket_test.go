package trace

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"time"
)

// A daemon that moved keeps its name: the name is looked up with each dialing, and dialed is what this test counts. It sets the time of
// the last dialing back, for it would have to wait else.
func TestSocketDialsAgain(t *testing.T) {
	there, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	gone, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	for name, row := range map[string]struct {
		address string
		ago     time.Duration // the last dialing; before 0 there is time, however slow the machine
		again   bool
	}{
		"Listens":        {there.LocalAddr().String(), 0, false},
		"ListensForLong": {there.LocalAddr().String(), resolveAgain, true},
		"Refuses":        {gone.LocalAddr().String(), -time.Minute, false},
		"RefusesForLong": {gone.LocalAddr().String(), redialAfter, true},
		"NameUnknown":    {"no-such-host.invalid:2000", -time.Minute, false},
		"UnknownForLong": {"no-such-host.invalid:2000", redialAfter, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := &socket{address: row.address, log: slog.New(slog.DiscardHandler), count: &counter{}}
			defer s.hangUp()
			s.send(context.Background(), []byte("{}"))
			first := time.Now().Add(-row.ago)
			s.dialed = first
			for range 3 { // a refusal is heard of with the next document
				s.send(context.Background(), []byte("{}"))
			}
			if again := s.dialed != first; again != row.again {
				t.Errorf("dialed again: %v, want %v", again, row.again)
			}
			if c := s.count.read(); c.Sent+c.Dropped() != 4 {
				t.Errorf("counters: %+v", c)
			}
		})
	}
}
