package sampling

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
)

// Rule is a rule as X-Ray hands it out.
type Rule struct {
	Name      string
	Priority  int64
	Reservoir int64   // traces a second that are kept before the rate counts
	Rate      float64 // 0 to 1, of the others
	Matches   bool    // it may match the service that was asked about
	Known     bool    // Central takes it; one with attributes, say, is left out
}

// Ask asks X-Ray once for its rules, through the daemon at address, host:port: what it answers shows as well that the daemon is
// there and that its credentials are good. service is the name of a segment. The rules are in the order in which they are tried.
func Ask(ctx context.Context, address, service string) ([]Rule, error) {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, fmt.Errorf("sampling address %q is not host:port", address)
	}
	c := &Central{address: address, client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	records, err := c.fetch(ctx)
	if err != nil {
		return nil, err
	}
	rules := []Rule{}
	for _, w := range records {
		if w == nil {
			continue
		}
		_, known := w.known()
		rules = append(rules, Rule{Name: w.RuleName, Priority: w.Priority, Reservoir: w.ReservoirSize, Rate: w.FixedRate,
			Matches: match(w.ServiceName, service), Known: known})
	}
	slices.SortStableFunc(rules, func(a, b Rule) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.Name, b.Name))
	})
	return rules, nil
}

// rank puts the default behind all others, whatever its priority.
func rank(r Rule) int {
	if r.Name == defaultKey {
		return 1
	}
	return 0
}

// fetch asks for every page of rules.
func (c *Central) fetch(ctx context.Context) ([]*wireRule, error) {
	var all []*wireRule
	in := rulesInput{}
	for range maxPages {
		var out rulesOutput
		if err := c.call(ctx, "/GetSamplingRules", in, &out); err != nil {
			return nil, fmt.Errorf("ask for sampling rules: %w", err)
		}
		for _, record := range out.SamplingRuleRecords {
			all = append(all, record.SamplingRule)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil || *in.NextToken == "" {
			break
		}
	}
	return all, nil
}
