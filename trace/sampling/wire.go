package sampling

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// What travels to X-Ray through its daemon, which signs it. Times are seconds since 1970.
type (
	rulesInput  struct{ NextToken *string }
	rulesOutput struct {
		NextToken           *string
		SamplingRuleRecords []struct{ SamplingRule *wireRule }
	}
	wireRule struct {
		RuleName, ServiceName, ServiceType, Host, HTTPMethod, URLPath, ResourceARN string

		Attributes              map[string]string
		FixedRate               float64
		Priority, ReservoirSize int64
		Version                 int64
	}
	targetsInput struct{ SamplingStatisticsDocuments []statistics }
	statistics   struct {
		ClientID, RuleName                      string
		RequestCount, SampledCount, BorrowCount int64
		Timestamp                               int64
	}
	targetsOutput struct {
		LastRuleModification    float64
		SamplingTargetDocuments []target
		UnprocessedStatistics   []struct{ RuleName, ErrorCode, Message string }
	}
	target struct {
		RuleName          string
		FixedRate         float64
		ReservoirQuota    *int64
		ReservoirQuotaTTL *float64
		Interval          *int64
	}
)

const (
	maxAnswer   = 4 << 20 // bytes
	maxPages    = 20
	callTimeout = 5 * time.Second
)

// call posts in to the daemon and reads its answer into out.
func (c *Central) call(ctx context.Context, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+c.address+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := c.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", path, err)
	case answer.StatusCode != http.StatusOK:
		return fmt.Errorf("%s: %w", path, &AnswerError{Status: answer.Status, Code: answer.StatusCode})
	case len(data) > maxAnswer:
		return fmt.Errorf("%s: more than %d bytes", path, maxAnswer)
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// AnswerError is a daemon that answers, with something else than was asked for: its credentials may not do what they should.
type AnswerError struct {
	Status string
	Code   int // of HTTP
}

func (e *AnswerError) Error() string { return "the daemon answers " + e.Status }

// known gives the rule when it is one that this package can hold: version 1, no attributes, any resource.
func (w *wireRule) known() (*rule, bool) {
	if w == nil || w.RuleName == "" || w.Version != 1 || len(w.Attributes) > 0 || w.ResourceARN != "*" ||
		w.ReservoirSize < 0 || !(w.FixedRate >= 0 && w.FixedRate <= 1) {
		return nil, false
	}
	// A service has a type where it runs on a platform that the SDK's plugins know; none is used here, so every type matches.
	return &rule{
		name: w.RuleName, service: w.ServiceName, host: w.Host, method: w.HTTPMethod, path: w.URLPath,
		size: w.ReservoirSize, rate: w.FixedRate, priority: w.Priority,
	}, true
}
