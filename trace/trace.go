// Package trace tells how a run went: one AWS X-Ray segment a job, its subsegments, and the header that ties it to whoever
// asked. It stands on the ground floor and owns the X-Ray SDK: the SDK makes ids, times and the tree, this package decides
// what is kept, writes the documents and sends them over UDP. It does not read traces back (trace/read does), it knows no
// report, and nothing in it may slow down or fail the work it tells of: what cannot be sent is counted.
//
// Two things the SDK does before any code here can run: it reads AWS_XRAY_SDK_DISABLED, AWS_XRAY_TRACING_NAME and
// AWS_XRAY_NOOP_ID from the environment, and it panics while the program starts if AWS_XRAY_DAEMON_ADDRESS names a host that
// does not resolve. The address used here is Config.Address alone, resolved when the first document is due.
package trace

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"
)

// DefaultName is what a segment is called when nobody says otherwise.
const DefaultName = "monthend"

// Config says where documents go and which are kept. The zero Config is tracing switched off.
type Config struct {
	Address    string           // host:port of a daemon's UDP listener; "" switches tracing off
	Name       string           // of segments begun without one; "" is DefaultName
	Version    string           // of this program, told as service.version; may be empty
	SampleRate *float64         // 0 to 1, asked where neither a header nor ForceSample decides; nil keeps all of those
	Logger     *slog.Logger     // hears now and then, when it is so, that documents do not arrive; nil is silence
	Now        func() time.Time // by which the age of a trace id is judged; nil is time.Now. Times in documents are the SDK's
}

// Tracer begins segments and owns the socket they leave by. A nil Tracer, like one without an address, traces nothing.
type Tracer struct {
	name    string
	version string
	rate    float64
	now     func() time.Time
	count   *counter
	sender  *sender // nil when tracing is off
}

// New checks cfg and starts the sender; it neither resolves nor reaches the address. Close ends the sender.
func New(cfg Config) (*Tracer, error) {
	t := &Tracer{name: cfg.Name, version: cfg.Version, rate: 1, now: cfg.Now, count: &counter{}}
	if t.name == "" {
		t.name = DefaultName
	}
	if t.now == nil {
		t.now = time.Now
	}
	if cfg.SampleRate != nil {
		t.rate = *cfg.SampleRate
		if !(t.rate >= 0 && t.rate <= 1) {
			return nil, fmt.Errorf("sample rate %v is not between 0 and 1", t.rate)
		}
	}
	if cfg.Address == "" {
		return t, nil
	}
	_, port, err := net.SplitHostPort(cfg.Address)
	if err != nil {
		return nil, fmt.Errorf("trace address %q is not host:port", cfg.Address)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return nil, fmt.Errorf("trace address %q: port %q is not between 1 and 65535", cfg.Address, port)
	}
	log := cfg.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	silenceSDK(log)
	t.sender = newSender(cfg.Address, log, t.count)
	return t, nil
}

// Counters is what became of the documents so far.
func (t *Tracer) Counters() Counters {
	if t == nil {
		return Counters{}
	}
	return t.count.read()
}

// Close sends what is queued, for at most flushTimeout or until ctx ends, and ends the sender. Documents of segments that end
// later are dropped and counted. Closing twice is harmless. The error tells how many documents were left.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil || t.sender == nil {
		return nil
	}
	return t.sender.close(ctx)
}
