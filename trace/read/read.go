// Package read brings traces back from X-Ray and shows them: one as a tree, as rows of JSON, as a waterfall in a terminal, two
// side by side, many as a list or as the map of who called whom.
//
// It stands behind `monthend trace` and the end of `monthend demo`, and speaks to AWS and to the local X-Ray alike through
// the AWS SDK's X-Ray client.
//
// It does not record traces, wait for documents that are still under way, or keep anything.
package read

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"

	"github.com/monthend/monthend/trace"
)

// ErrNotFound is in the chain of the error for a trace that X-Ray does not have, or not yet.
var ErrNotFound = errors.New("not found")

// maxPages bounds the answers to one question: X-Ray's own limit of a trace fits into a few.
const maxPages = 100

// Config says whom to ask.
type Config struct {
	AWS      aws.Config // region and credentials are needed, of whatever kind the endpoint takes
	Endpoint string     // URL; "" is AWS's own, or what AWS holds
}

// Client reads traces. It is safe for concurrent use.
type Client struct {
	xray *xray.Client
}

// New makes a client and connects to nothing yet.
func New(c Config) (*Client, error) {
	if c.AWS.Region == "" {
		return nil, errors.New("read traces: the AWS region is not set")
	}
	if c.AWS.Credentials == nil {
		return nil, errors.New("read traces: there are no AWS credentials")
	}
	return &Client{xray: xray.NewFromConfig(c.AWS, func(o *xray.Options) {
		if c.Endpoint != "" {
			o.BaseEndpoint = aws.String(c.Endpoint)
		}
	})}, nil
}

// Trace reads what X-Ray has of a trace now. The error is ErrNotFound when that is nothing, trace.ErrTraceID when id is not
// a trace id.
func (c *Client) Trace(ctx context.Context, id string) (Trace, error) {
	if !trace.IsTraceID(id) {
		return Trace{}, fmt.Errorf("read trace %.60q: %w", id, trace.ErrTraceID)
	}
	var segments []trace.Document
	found, exceeded := false, false
	pages := xray.NewBatchGetTracesPaginator(c.xray, &xray.BatchGetTracesInput{TraceIds: []string{id}})
	for page := 0; pages.HasMorePages(); page++ {
		if page == maxPages {
			return Trace{}, fmt.Errorf("read trace %q: more than %d pages", id, maxPages)
		}
		out, err := pages.NextPage(ctx)
		if err != nil {
			return Trace{}, asking(fmt.Sprintf("read trace %q", id), err)
		}
		for _, t := range out.Traces {
			found = true
			exceeded = exceeded || aws.ToBool(t.LimitExceeded)
			for _, s := range t.Segments {
				d, err := trace.ParseMerged([]byte(aws.ToString(s.Document)))
				if err != nil {
					return Trace{}, fmt.Errorf("read trace %q: segment %.60q: %w", id, aws.ToString(s.Id), err)
				}
				segments = append(segments, d)
			}
		}
	}
	if !found {
		return Trace{}, fmt.Errorf("read trace %q: %w", id, ErrNotFound)
	}
	t := Tree(id, segments)
	t.LimitExceeded = exceeded
	return t, nil
}
