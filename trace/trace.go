// Package trace tells how a run went: one AWS X-Ray segment a job, its subsegments, and the header that ties it to whoever
// asked. It stands on the ground floor and owns the X-Ray SDK: the SDK makes ids, times and the tree, this package decides
// what is kept, writes the documents and sends them, over UDP or by an exporter such as trace/otlp's. It does not read traces back (trace/read does), it knows no
// report, and nothing in it may slow down or fail the work it tells of: what cannot be sent is counted.
//
// The SDK reads AWS_XRAY_SDK_DISABLED, AWS_XRAY_TRACING_NAME and AWS_XRAY_NOOP_ID from the environment. AWS_XRAY_DAEMON_ADDRESS is
// hidden from it (see trace/early): the address used here is Config.Address alone, resolved when the first document is due.
package trace

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/aws/aws-xray-sdk-go/v2/xray"

	"github.com/monthend/monthend/trace/sampling"
)

// DefaultName is what a segment is called when nobody says otherwise.
const DefaultName = "monthend"

// Config says where documents go and which are kept. The zero Config is tracing switched off.
type Config struct {
	Address  string   // host:port of a daemon's UDP listener; "" sends none there
	Exporter Exporter // another place for the documents, beside Address or instead; nil is none. Without both, tracing is off
	Name     string   // of segments begun without one; "" is DefaultName
	Version  string   // of this program, told as service.version; may be empty

	// SampleRate, 0 to 1, decides where neither a header nor ForceSample does; it goes before Sampler. With neither, all are kept.
	SampleRate *float64
	Sampler    Sampler // closed with the Tracer if it has a method Close()
	// HoldBytes bounds what segments in work that are not sampled hold back for Keep, all together; 0 is 16 MiB, below 0 nothing is
	// held and Keep keeps nothing.
	HoldBytes int64

	Logger *slog.Logger     // hears now and then, when it is so, that documents do not arrive; nil is silence
	Now    func() time.Time // by which the age of a trace id is judged; nil is time.Now. Times in documents are the SDK's
}

// Sampler decides which traces are kept. It must answer at once, whatever the network does.
type Sampler interface {
	Sample(sampling.Request) sampling.Decision
}

// Tracer begins segments and owns the exits that they leave by. A nil Tracer, like one without an exit, traces nothing.
type Tracer struct {
	name    string
	version string
	rate    *float64
	sampler Sampler
	now     func() time.Time
	out     *outlet
}

// New checks cfg and starts the exits; it neither resolves nor reaches the address. Close ends them, and the Exporter.
func New(cfg Config) (*Tracer, error) {
	t := &Tracer{
		name: cmp.Or(cfg.Name, DefaultName), version: cfg.Version, rate: cfg.SampleRate, sampler: cfg.Sampler, now: cfg.Now,
		out: &outlet{count: &counter{}},
	}
	if t.now == nil {
		t.now = time.Now
	}
	if t.rate != nil && !(*t.rate >= 0 && *t.rate <= 1) {
		return nil, fmt.Errorf("sample rate %v is not between 0 and 1", *t.rate)
	}
	if cfg.HoldBytes >= 0 {
		t.out.holding = &holding{left: cmp.Or(cfg.HoldBytes, defaultHold)}
	}
	if cfg.Address != "" {
		if err := checkAddress(cfg.Address); err != nil {
			return nil, err
		}
	}
	log := cfg.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if cfg.Address != "" {
		t.out.daemon = newSender(cfg.Address, log, t.out.count)
		t.out.exits = append(t.out.exits, t.out.daemon)
	}
	if cfg.Exporter != nil {
		t.out.exits = append(t.out.exits, newExporting(cfg.Exporter, log, t.out.count))
	}
	if !t.off() {
		silenceSDK(log)
	}
	return t, nil
}

func checkAddress(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("trace address %q is not host:port", address)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("trace address %q: port %q is not between 1 and 65535", address, port)
	}
	return nil
}

// off reports whether nothing is traced.
func (t *Tracer) off() bool { return t == nil || len(t.out.exits) == 0 || xray.SdkDisabled() }

// Counters is what became of the documents so far.
func (t *Tracer) Counters() Counters {
	if t == nil {
		return Counters{}
	}
	return t.out.count.read()
}

// Close sends what is queued, for at most flushTimeout or until ctx ends, and ends the exits. Documents of segments that end
// later are dropped and counted. Closing twice is harmless. The error tells how many documents were left.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	if s, ok := t.sampler.(interface{ Close() }); ok {
		s.Close()
	}
	return t.out.close(ctx)
}
