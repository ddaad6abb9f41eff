package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// kept is how long X-Ray keeps a trace.
const kept = 30 * 24 * time.Hour

// since is how far back to look: 90m, 24h, 7d.
type since time.Duration

func sinceFlag(fs *pflag.FlagSet, value *since, preset time.Duration) {
	*value = since(preset)
	fs.Var(value, "since", "how far back to look: 90m, 24h, 7d; X-Ray keeps 30d")
}

// Type is not "duration": what is wrong with a value, Set says better than the shape of one.
func (s *since) Type() string { return "since" }

func (s *since) String() string {
	d := time.Duration(*s)
	if d%(24*time.Hour) == 0 && d > 24*time.Hour {
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} { // 24h0m0s
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

func (s *since) Set(text string) error {
	d, err := time.ParseDuration(text)
	if days, found := strings.CutSuffix(text, "d"); found {
		var n int
		n, err = strconv.Atoi(days)
		d = time.Duration(min(n, 1000)) * 24 * time.Hour
	}
	switch {
	case err != nil:
		return fmt.Errorf("%.40q is no length of time such as 24h or 7d", text)
	case d <= 0 || d > kept:
		return fmt.Errorf("%.40q is not between now and 30d, which is how long X-Ray keeps a trace", text)
	}
	*s = since(d)
	return nil
}

// until gives the time from then to now.
func (s since) until(now time.Time) (from, to time.Time) {
	return now.Add(-time.Duration(s)), now
}
