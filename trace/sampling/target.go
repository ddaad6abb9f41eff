package sampling

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Refresh reports what the rules have decided, as far as it is due, and takes over the quotas that X-Ray gives for it. It
// runs every ten seconds by itself.
func (c *Central) Refresh(ctx context.Context) error {
	c.asking.Lock()
	defer c.asking.Unlock()
	c.mu.RLock()
	rules, since := c.rules, c.since
	c.mu.RUnlock()
	if since.IsZero() {
		return c.askRules(ctx)
	}
	now := c.now()
	var in targetsInput
	by := map[string]*rule{}
	for _, r := range rules {
		if s, due := r.report(now); due {
			s.ClientID = c.id
			in.SamplingStatisticsDocuments = append(in.SamplingStatisticsDocuments, s)
			by[r.name] = r
		}
	}
	if len(by) == 0 {
		return nil
	}
	var out targetsOutput
	if err := c.call(ctx, "/SamplingTargets", in, &out); err != nil {
		for _, s := range in.SamplingStatisticsDocuments {
			by[s.RuleName].unreport(s)
		}
		return fmt.Errorf("ask for sampling targets: %w", err)
	}
	for _, t := range out.SamplingTargetDocuments {
		if r := by[t.RuleName]; r != nil {
			r.grant(t, now)
		}
	}
	changed := out.LastRuleModification >= float64(since.Unix())
	for _, u := range out.UnprocessedStatistics {
		changed = changed || strings.HasPrefix(u.ErrorCode, "4") // a rule is gone
	}
	if changed {
		return c.askRules(ctx)
	}
	return nil
}

// report is what was decided since the last one, and whether it is due; the counts begin anew.
func (r *rule) report(now time.Time) (statistics, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.requests == 0 || now.Before(r.refreshed.Add(r.quota.interval)) {
		return statistics{}, false
	}
	s := statistics{
		RuleName: r.name, RequestCount: r.requests, SampledCount: r.sampled, BorrowCount: r.borrowed, Timestamp: now.Unix(),
	}
	r.requests, r.sampled, r.borrowed = 0, 0, 0
	return s, true
}

// unreport takes back a report that did not arrive.
func (r *rule) unreport(s statistics) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests += s.RequestCount
	r.sampled += s.SampledCount
	r.borrowed += s.BorrowCount
}

// grant takes over what X-Ray says about the rule.
func (r *rule) grant(t target, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refreshed = now
	if t.FixedRate >= 0 && t.FixedRate <= 1 {
		r.rate = t.FixedRate
	}
	if t.ReservoirQuota != nil {
		r.quota.size = max(0, *t.ReservoirQuota)
	}
	if t.ReservoirQuotaTTL != nil {
		r.quota.until = time.Unix(int64(*t.ReservoirQuotaTTL), 0)
	}
	if t.Interval != nil {
		r.quota.interval = time.Duration(max(0, min(*t.Interval, 3600))) * time.Second
	}
}

// inherit takes over what old, the same rule before, has counted and was granted.
func (r *rule) inherit(old *rule) {
	old.mu.Lock()
	defer old.mu.Unlock()
	r.second, r.used = old.second, old.used
	r.quota, r.refreshed = old.quota, old.refreshed
	r.requests, r.sampled, r.borrowed = old.requests, old.sampled, old.borrowed
}
