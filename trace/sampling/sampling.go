// Package sampling decides which traces are kept, by rules: those of a local file or those that X-Ray hands out through its
// daemon. It stands beside trace on the ground floor and asks nobody while a job waits. It does not read headers, which go
// before any rule, and the SDK's own samplers are not used: their goroutines never end.
package sampling

import (
	"sync"
	"time"

	"github.com/aws/aws-xray-sdk-go/v2/pattern"
)

// Request is what a rule may look at; "" matches every pattern.
type Request struct {
	Service string // name of the segment
	Host    string
	Method  string
	Path    string
	Chance  float64 // from 0 up to 1: below a rule's rate, the trace is kept
}

// Decision is whether a trace is kept, and the name of the rule that decided, "" for a rule without one.
type Decision struct {
	Sample bool
	Rule   string
}

// rule is one line of a rule set. Patterns know * and ?, in any case of letters.
type rule struct {
	name                        string
	service, host, method, path string
	size                        int64   // traces a second that are kept before the rate counts
	rate                        float64 // 0 to 1
	priority                    int64

	mu        sync.Mutex
	second    int64 // that used counts in, since 1970
	used      int64
	quota     quota
	requests  int64 // since the last report, as are the next two
	sampled   int64
	borrowed  int64
	refreshed time.Time // when the quota came
}

// quota is what X-Ray lets this process keep of a rule's traces a second, until a time.
type quota struct {
	size     int64
	until    time.Time
	interval time.Duration // until the next is asked for
}

func (r *rule) matches(q Request) bool {
	return match(r.service, q.Service) && match(r.host, q.Host) && match(r.method, q.Method) && match(r.path, q.Path)
}

func match(glob, text string) bool {
	return text == "" || glob == "" || pattern.WildcardMatchCaseInsensitive(glob, text)
}

// local decides with the rule's own number a second.
func (r *rule) local(q Request, now time.Time) Decision {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Decision{Sample: r.take(r.size, now) || q.Chance < r.rate, Rule: r.name}
}

// take uses one of size places of the current second.
func (r *rule) take(size int64, now time.Time) bool {
	if second := now.Unix(); second != r.second {
		r.second, r.used = second, 0
	}
	if r.used >= size {
		return false
	}
	r.used++
	return true
}

// central decides with the quota; without one that is valid the first trace of each second is borrowed.
func (r *rule) central(q Request, now time.Time) Decision {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests++
	if now.After(r.quota.until) {
		if r.take(min(r.size, 1), now) {
			r.borrowed++
			return Decision{Sample: true, Rule: r.name}
		}
	} else if r.take(r.quota.size, now) {
		r.sampled++
		return Decision{Sample: true, Rule: r.name}
	}
	keep := q.Chance < r.rate
	if keep {
		r.sampled++
	}
	return Decision{Sample: keep, Rule: r.name}
}
