package read

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
)

// Query says which traces are meant.
type Query struct {
	Filter   string    // X-Ray's filter expression; "" is all
	From, To time.Time // the traces that began then, [From, To)
	Limit    int       // how many at the most, the newest; 0 is all
}

// Summary is one trace in short.
type Summary struct {
	TraceID     string           `json:"trace_id"`
	Start       time.Time        `json:"start"`       // UTC
	DurationMS  float64          `json:"duration_ms"` // from the first start to the last end
	Entry       string           `json:"entry,omitempty"`
	Error       bool             `json:"error"`
	Fault       bool             `json:"fault"`
	Throttle    bool             `json:"throttle"`
	Partial     bool             `json:"partial"`     // something of it is under way, or missing
	Annotations map[string][]any `json:"annotations"` // string, float64 or bool, each value once
}

// Duration is from the first start to the last end.
func (s Summary) Duration() time.Duration {
	return time.Duration(s.DurationMS * float64(time.Millisecond))
}

// Text gives the values of an annotation that are texts, in X-Ray's order.
func (s Summary) Text(key string) []string {
	var texts []string
	for _, v := range s.Annotations[key] {
		if t, ok := v.(string); ok {
			texts = append(texts, t)
		}
	}
	return texts
}

// Status is "fault", "throttle", "error" or "ok", the first that some segment of the trace is flagged with.
func (s Summary) Status() string {
	switch {
	case s.Fault:
		return "fault"
	case s.Throttle:
		return "throttle"
	case s.Error:
		return "error"
	}
	return "ok"
}

// Summaries lists traces, the newest first; empty, not nil, when there are none. A filter that X-Ray does not take is a
// *RefusedError.
func (c *Client) Summaries(ctx context.Context, q Query) ([]Summary, error) {
	all := []Summary{}
	err := windows(ctx, q.From, q.To, func(from, to time.Time) (bool, error) {
		in := xray.GetTraceSummariesInput{StartTime: &from, EndTime: &to}
		if q.Filter != "" {
			in.FilterExpression = &q.Filter
		}
		found, err := c.summaries(ctx, &in)
		if err != nil {
			return false, asking("list traces", err)
		}
		slices.SortFunc(found, func(a, b Summary) int {
			return cmp.Or(b.Start.Compare(a.Start), cmp.Compare(a.TraceID, b.TraceID))
		})
		all = append(all, found...)
		return q.Limit == 0 || len(all) < q.Limit, nil
	})
	if err != nil {
		return nil, err
	}
	if q.Limit > 0 && len(all) > q.Limit {
		all = all[:q.Limit]
	}
	return all, nil
}

func (c *Client) summaries(ctx context.Context, in *xray.GetTraceSummariesInput) ([]Summary, error) {
	var found []Summary
	pages := xray.NewGetTraceSummariesPaginator(c.xray, in)
	for page := 0; pages.HasMorePages(); page++ {
		if page == 100*maxPages {
			return nil, errors.New("more pages than can be read: ask for a shorter time")
		}
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, s := range out.TraceSummaries {
			found = append(found, summary(s))
		}
	}
	return found, nil
}

func summary(s types.TraceSummary) Summary {
	sum := Summary{
		TraceID: aws.ToString(s.Id), Start: aws.ToTime(s.StartTime).UTC(), DurationMS: milliseconds(aws.ToFloat64(s.Duration)),
		Error: aws.ToBool(s.HasError), Fault: aws.ToBool(s.HasFault), Throttle: aws.ToBool(s.HasThrottle), Partial: aws.ToBool(s.IsPartial),
		Annotations: map[string][]any{},
	}
	if s.EntryPoint != nil {
		sum.Entry = aws.ToString(s.EntryPoint.Name)
	}
	for key, values := range s.Annotations {
		for _, v := range values {
			switch v := v.AnnotationValue.(type) {
			case *types.AnnotationValueMemberStringValue:
				sum.Annotations[key] = append(sum.Annotations[key], v.Value)
			case *types.AnnotationValueMemberNumberValue:
				sum.Annotations[key] = append(sum.Annotations[key], v.Value)
			case *types.AnnotationValueMemberBooleanValue:
				sum.Annotations[key] = append(sum.Annotations[key], v.Value)
			}
		}
	}
	return sum
}

// milliseconds of seconds, to the microsecond.
func milliseconds(seconds float64) float64 { return float64(int64(seconds*1e6+0.5)) / 1000 }
