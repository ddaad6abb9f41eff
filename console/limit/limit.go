// Package limit bounds how often somebody may ask: a token bucket for each, and a bound on how many are remembered. It stands
// beside the other rooms of the console and imports nothing of ours. It does not know who anybody is, nor what is answered.
package limit

import (
	"container/list"
	"errors"
	"math"
	"sync"
	"time"
)

// Config is how often one may ask.
type Config struct {
	Rate  float64 // a second
	Burst int     // at once; 0 is twice the rate
	Most  int     // how many are remembered; 0 is 10,000
	Now   func() time.Time
}

// Buckets is one bucket for each who asks. It is safe for concurrent use.
type Buckets struct {
	rate, burst float64
	most        int
	now         func() time.Time

	mu    sync.Mutex
	byKey map[string]*list.Element
	order *list.List // of *bucket: who asked last is in front
}

type bucket struct {
	key  string
	left float64
	at   time.Time
}

// New checks the configuration.
func New(cfg Config) (*Buckets, error) {
	if !(cfg.Rate > 0) || math.IsInf(cfg.Rate, 0) || cfg.Burst < 0 || cfg.Most < 0 {
		return nil, errors.New("set up the limit: the rate is not above 0")
	}
	if cfg.Burst == 0 {
		cfg.Burst = max(1, int(math.Ceil(2*cfg.Rate)))
	}
	if cfg.Most == 0 {
		cfg.Most = 10_000
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Buckets{
		rate: cfg.Rate, burst: float64(cfg.Burst), most: cfg.Most, now: cfg.Now,
		byKey: map[string]*list.Element{}, order: list.New(),
	}, nil
}

// Take takes one from the bucket of key. It answers 0, or how long to wait until there is one again.
func (b *Buckets) Take(key string) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	held := b.find(key, now)
	held.left = min(b.burst, held.left+max(0, now.Sub(held.at).Seconds())*b.rate)
	held.at = now
	if held.left >= 1 {
		held.left--
		return 0
	}
	return time.Duration((1 - held.left) / b.rate * float64(time.Second))
}

// find is the bucket of key, a full one when it is new. Who asked longest ago is forgotten for it: an attacker of very many
// addresses wins no more than the burst of each, and no memory.
func (b *Buckets) find(key string, now time.Time) *bucket {
	if at, ok := b.byKey[key]; ok {
		b.order.MoveToFront(at)
		return at.Value.(*bucket)
	}
	if b.order.Len() >= b.most {
		last := b.order.Back()
		delete(b.byKey, last.Value.(*bucket).key)
		b.order.Remove(last)
	}
	held := &bucket{key: key, left: b.burst, at: now}
	b.byKey[key] = b.order.PushFront(held)
	return held
}

// Len is how many are remembered.
func (b *Buckets) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.order.Len()
}
