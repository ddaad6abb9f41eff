package remote

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The pace of calling again. Who asks for more time than longestWait gets it from the run, which comes back later as a whole.
const (
	firstWait   = 500 * time.Millisecond
	longestWait = time.Minute
)

// pause is how long to wait after the tried-th call, counted from 0: doubling up to 15 s, with jitter on the upper half, so that many
// workers do not come back together.
func pause(tried int) time.Duration {
	most := min(15*time.Second, firstWait<<min(tried, 10))
	return most/2 + rand.N(most/2+1)
}

// retryAfter is how long the other side wants to be left alone: seconds, or a date. 0 is as long as we like.
func (c *call) retryAfter(header http.Header) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(c.cfg.Now()))
	}
	return 0
}

func itoa(n int) string { return strconv.Itoa(n) }
