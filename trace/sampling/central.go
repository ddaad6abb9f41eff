package sampling

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	askRules   = 5 * time.Minute  // so often rules are asked for
	askTargets = 10 * time.Second // and quotas, unless X-Ray says otherwise
	expired    = time.Hour        // so old, rules do not count any more
	defaultKey = "Default"        // the name of the rule that matches everything
	tellAgain  = 5 * time.Minute  // in the log, that the daemon is not reached
)

// CentralConfig says whom to ask.
type CentralConfig struct {
	Address  string // host:port of the daemon's TCP listener
	Fallback *Local // decides while there are no rules; nil is X-Ray's default, the first trace a second and 5 % of the others
	Client   *http.Client
	Logger   *slog.Logger     // nil is silence
	Now      func() time.Time // nil is time.Now
}

// Central is the set of rules that X-Ray hands out. It is safe for concurrent use.
type Central struct {
	address  string
	client   *http.Client
	fallback *Local
	log      *slog.Logger
	now      func() time.Time
	id       string // of this process
	end      context.CancelFunc
	ended    sync.WaitGroup
	told     time.Time // only the goroutine uses it

	asking sync.Mutex // one asks at a time: a grant goes to the rules that were reported

	mu    sync.RWMutex
	rules []*rule   // by priority, then name; the default last
	since time.Time // they count from
}

// NewCentral begins to ask for rules; it does not wait for them. Close ends it.
func NewCentral(cfg CentralConfig) (*Central, error) {
	if _, _, err := net.SplitHostPort(cfg.Address); err != nil {
		return nil, fmt.Errorf("sampling address %q is not host:port", cfg.Address)
	}
	c := &Central{address: cfg.Address, client: cfg.Client, fallback: cfg.Fallback, log: cfg.Logger, now: cfg.Now}
	if c.client == nil {
		// A proxy of the environment is for the way out; the daemon is near.
		c.client = &http.Client{Transport: &http.Transport{MaxIdleConns: 1, IdleConnTimeout: time.Minute}}
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.fallback == nil {
		c.fallback = &Local{rules: []*rule{{size: 1, rate: 0.05}}, now: c.now}
	}
	var id [12]byte
	_, _ = rand.Read(id[:]) // never fails
	c.id = hex.EncodeToString(id[:])
	ctx, end := context.WithCancel(context.Background())
	c.end = end
	c.ended.Go(func() { c.run(ctx) })
	return c, nil
}

// Close ends the asking and waits until it has ended.
func (c *Central) Close() {
	c.end()
	c.ended.Wait()
	c.client.CloseIdleConnections()
}

// Sample asks the first rule that matches, or the fallback while there are none or they are an hour old.
func (c *Central) Sample(q Request) Decision {
	now := c.now()
	c.mu.RLock()
	rules, since := c.rules, c.since
	c.mu.RUnlock()
	if since.IsZero() || now.Sub(since) > expired {
		return c.fallback.Sample(q)
	}
	for _, r := range rules {
		if r.matches(q) {
			return r.central(q, now)
		}
	}
	return c.fallback.Sample(q)
}

// run asks until ctx ends.
func (c *Central) run(ctx context.Context) {
	c.tell(c.again(ctx))
	rules, targets := time.NewTicker(askRules), time.NewTicker(askTargets)
	defer rules.Stop()
	defer targets.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-rules.C:
			c.tell(c.again(ctx))
		case <-targets.C:
			c.tell(c.Refresh(ctx))
		}
	}
}

// tell logs that the daemon does not answer, now and then.
func (c *Central) tell(err error) {
	if err == nil || !c.told.IsZero() && time.Since(c.told) < tellAgain {
		return
	}
	c.told = time.Now()
	c.log.Warn("no sampling rules from the X-Ray daemon; the fallback or the last ones decide", "address", c.address, "error", err)
}

func (c *Central) again(ctx context.Context) error {
	c.asking.Lock()
	defer c.asking.Unlock()
	return c.askRules(ctx)
}

// askRules takes over the rules; those that stay keep their quotas and counts.
func (c *Central) askRules(ctx context.Context) error {
	asked := c.now()
	records, err := c.fetch(ctx)
	if err != nil {
		return err
	}
	var fresh []*rule
	for _, w := range records {
		if r, ok := w.known(); ok {
			fresh = append(fresh, r)
		}
	}
	slices.SortStableFunc(fresh, func(a, b *rule) int {
		return cmp.Or(cmp.Compare(last(a), last(b)), cmp.Compare(a.priority, b.priority), cmp.Compare(a.name, b.name))
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range fresh {
		for _, old := range c.rules {
			if old.name == r.name {
				r.inherit(old)
			}
		}
	}
	c.rules, c.since = fresh, asked
	return nil
}

// last puts the default behind all others, whatever its priority.
func last(r *rule) int {
	if r.name == defaultKey {
		return 1
	}
	return 0
}
