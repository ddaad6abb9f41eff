// Package awstrace tells of AWS calls as subsegments called by the service (SQS, S3) and hands the trace on with them. It
// stands beside trace on the ground floor, as middleware of the AWS SDK's clients. It is silent outside a segment and under
// trace.Silent, which is where long polls belong, and it tells no body and no credential.
package awstrace

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/monthend/monthend/trace"
)

// headerName is the HTTP header by which AWS's services and others continue a trace. AWS's signature leaves it out.
const headerName = "X-Amzn-Trace-Id"

// Instrument adds the middleware to the APIOptions of an aws.Config, for all its clients, or of one client's options. A
// client must be given it once.
func Instrument(options *[]func(*middleware.Stack) error) {
	*options = append(*options, func(stack *middleware.Stack) error {
		// After the SDK's own, which then already know service and operation; around the retries, which are one call.
		if err := stack.Initialize.Add(call{}, middleware.After); err != nil {
			return fmt.Errorf("trace AWS calls: %w", err)
		}
		if err := stack.Build.Add(propagation{}, middleware.After); err != nil {
			return fmt.Errorf("trace AWS calls: %w", err)
		}
		return nil
	})
}

// subsegmentKey leads from one call's context to its subsegment. It is a value of the middleware stack: a call that is
// made within another starts without it.
type subsegmentKey struct{}

// call is the middleware that begins and ends the subsegment.
type call struct{}

func (call) ID() string { return "MonthendTrace" }

func (call) HandleInitialize(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	name := awsmiddleware.GetServiceID(ctx)
	ctx, sub := trace.StartAWS(ctx, name)
	if sub == nil {
		return next.HandleInitialize(ctx, in)
	}
	block := map[string]any{"operation": awsmiddleware.GetOperationName(ctx), "region": awsmiddleware.GetRegion(ctx)}
	maps.Copy(block, asked(in.Parameters))
	in.Parameters = withHeader(in.Parameters, sub.Header())

	out, metadata, err := next.HandleInitialize(middleware.WithStackValue(ctx, subsegmentKey{}, sub), in)

	maps.Copy(block, answered(out.Result))
	if id := requestID(metadata, err); id != "" {
		block["request_id"] = id
	}
	if attempts, ok := retry.GetAttemptResults(metadata); ok && len(attempts.Results) > 1 {
		block["retries"] = len(attempts.Results) - 1
	}
	sub.SetAWS(block)
	if status := httpStatus(metadata, err); status != 0 {
		sub.SetHTTP(trace.HTTP{Response: &trace.HTTPResponse{Status: status}})
	}
	sub.End(err)
	return out, metadata, err
}

func requestID(metadata middleware.Metadata, err error) string {
	if id, ok := awsmiddleware.GetRequestIDMetadata(metadata); ok {
		return id
	}
	var refused interface{ ServiceRequestID() string }
	if errors.As(err, &refused) {
		return refused.ServiceRequestID()
	}
	return ""
}

// httpStatus is that of the last answer, 0 when none came.
func httpStatus(metadata middleware.Metadata, err error) int {
	var refused interface{ HTTPStatusCode() int }
	if errors.As(err, &refused) {
		return refused.HTTPStatusCode()
	}
	if r, ok := awsmiddleware.GetRawResponse(metadata).(*smithyhttp.Response); ok && r.Response != nil && err == nil {
		return r.StatusCode
	}
	return 0
}

// propagation is the middleware that names the subsegment in the request's header.
type propagation struct{}

func (propagation) ID() string { return "MonthendTraceHeader" }

func (propagation) HandleBuild(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (
	middleware.BuildOutput, middleware.Metadata, error,
) {
	sub, _ := middleware.GetStackValue(ctx, subsegmentKey{}).(*trace.Subsegment)
	if r, ok := in.Request.(*smithyhttp.Request); ok && sub != nil {
		if r.Header == nil {
			r.Header = http.Header{}
		}
		r.Header.Set(headerName, sub.Header())
	}
	return next.HandleBuild(ctx, in)
}
