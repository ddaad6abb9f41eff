package limit_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/monthend/monthend/console/limit"
)

func buckets(t *testing.T, cfg limit.Config) (*limit.Buckets, *time.Time) {
	t.Helper()
	now := time.Date(2026, 4, 1, 6, 0, 0, 0, time.UTC)
	cfg.Now = func() time.Time { return now }
	b, err := limit.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return b, &now
}

func TestTake(t *testing.T) {
	b, now := buckets(t, limit.Config{Rate: 2, Burst: 3})
	for i := range 3 {
		if wait := b.Take("a"); wait != 0 {
			t.Fatalf("%d: wait %s within the burst", i, wait)
		}
	}
	if wait := b.Take("a"); wait != 500*time.Millisecond {
		t.Errorf("wait %s, want half a second", wait)
	}
	if wait := b.Take("b"); wait != 0 {
		t.Errorf("another waits %s", wait)
	}
	*now = now.Add(500 * time.Millisecond)
	if wait := b.Take("a"); wait != 0 {
		t.Errorf("wait %s after the wait", wait)
	}
	if wait := b.Take("a"); wait == 0 {
		t.Error("two for one wait")
	}
	*now = now.Add(time.Hour)
	got := 0
	for b.Take("a") == 0 {
		got++
	}
	if got != 3 {
		t.Errorf("%d after an hour, want the burst", got)
	}
	*now = now.Add(-time.Hour) // a clock that was set back gives nothing and takes nothing
	if wait := b.Take("a"); wait != 500*time.Millisecond {
		t.Errorf("wait %s", wait)
	}
}

func TestBucketsAreBounded(t *testing.T) {
	b, _ := buckets(t, limit.Config{Rate: 1, Burst: 1, Most: 100})
	b.Take("kept")
	for i := range 10_000 {
		b.Take(fmt.Sprint(i))
		if wait := b.Take("kept"); wait == 0 {
			t.Fatal("who asks all the time was forgotten")
		}
	}
	if b.Len() != 100 {
		t.Errorf("%d are remembered, want 100", b.Len())
	}
}

func TestNewRefuses(t *testing.T) {
	for _, rate := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if _, err := limit.New(limit.Config{Rate: rate}); err == nil {
			t.Errorf("took the rate %v", rate)
		}
	}
}

func TestAddress(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.7:1234":               "192.0.2.7",
		"[::ffff:192.0.2.7]:1234":      "192.0.2.7",
		"[2001:db8:1:2:3:4:5:6]:443":   "2001:db8:1:2::/64",
		"[2001:db8:1:2:ffff::1]:443":   "2001:db8:1:2::/64",
		"[fe80::1%eth0]:443":           "fe80::/64",
		"@":                            "@",
		"[2001:db8:1:2:3:4:5:6%x]:443": "2001:db8:1:2::/64",
	} {
		if got := limit.Address(remote); got != want {
			t.Errorf("%s: got %s, want %s", remote, got, want)
		}
	}
}
