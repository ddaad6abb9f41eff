package queue

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// The three ways in which a queue is not to be had. Inspect and Send wrap one of them around what the SDK said; an error
// that wraps none of them is a request that SQS refused.
var (
	ErrNoQueue     = errors.New("the queue does not exist")
	ErrDenied      = errors.New("access to the queue is denied") // also: no usable credentials
	ErrUnreachable = errors.New("the queue cannot be reached")
)

// Causes of a handler's cancelled context, and what Run returns when it had to cut work short.
var (
	ErrDrained = errors.New("the time to drain is over")
	ErrAborted = errors.New("the consumer was aborted")
)

// denied are the codes by which AWS refuses a caller; expired credentials are among them.
var denied = map[string]bool{
	"AccessDenied": true, "AccessDeniedException": true, "AuthFailure": true, "ExpiredToken": true,
	"ExpiredTokenException": true, "IncompleteSignature": true, "InvalidAccessKeyId": true, "InvalidClientTokenId": true,
	"InvalidSecurity": true, "KMS.AccessDeniedException": true, "MissingAuthenticationToken": true, "NotAuthorized": true,
	"OptInRequired": true, "SignatureDoesNotMatch": true, "UnrecognizedClientException": true,
}

// classify names what kind of failure err is: ErrNoQueue, ErrDenied, ErrUnreachable, or nil for anything else.
func classify(err error) error {
	if noQueue := (*types.QueueDoesNotExist)(nil); errors.As(err, &noQueue) {
		return ErrNoQueue
	}
	if api := smithy.APIError(nil); errors.As(err, &api) {
		code := api.ErrorCode()
		switch {
		case code == "AWS.SimpleQueueService.NonExistentQueue" || code == "QueueDoesNotExist":
			return ErrNoQueue
		case denied[code]:
			return ErrDenied
		case throttled(code):
			return ErrUnreachable
		}
	}
	if response := (*smithyhttp.ResponseError)(nil); errors.As(err, &response) {
		switch status := response.HTTPStatusCode(); {
		case status == http.StatusUnauthorized || status == http.StatusForbidden:
			return ErrDenied
		case status >= 500 || status == http.StatusTooManyRequests:
			return ErrUnreachable
		}
	}
	if send := (*smithyhttp.RequestSendError)(nil); errors.As(err, &send) || errors.Is(err, context.DeadlineExceeded) {
		return ErrUnreachable
	}
	return nil
}

// explain puts the kind of failure before what the SDK said, where it has one. The SDK has no type for credentials that
// cannot be had, so they are asked for once more to see.
func explain(ctx context.Context, client *sqs.Client, err error) error {
	kind := classify(err)
	if provider := client.Options().Credentials; kind == nil && provider != nil && ctx.Err() == nil {
		if _, missing := provider.Retrieve(ctx); missing != nil {
			kind = ErrDenied
		}
	}
	if kind == nil {
		return err
	}
	return fmt.Errorf("%w: %w", kind, err)
}

func throttled(code string) bool {
	return strings.Contains(code, "Throttl") || code == "RequestLimitExceeded" || code == "OverLimit" ||
		code == "ServiceUnavailable" || code == "InternalError" || code == "InternalFailure"
}

// lost reports whether SQS no longer takes the receipt: the message was deleted, delivered to another, or has been in
// flight for 12 hours. Asking again cannot help.
func lost(err error) bool {
	invalid, idle := (*types.ReceiptHandleIsInvalid)(nil), (*types.MessageNotInflight)(nil)
	return errors.As(err, &invalid) || errors.As(err, &idle) || invalidParameter(err)
}

// refused reports whether SQS will never take this message, whenever it is sent.
func refused(err error) bool {
	contents, operation := (*types.InvalidMessageContents)(nil), (*types.UnsupportedOperation)(nil)
	return errors.As(err, &contents) || errors.As(err, &operation) || invalidParameter(err) || classify(err) == ErrNoQueue
}

func invalidParameter(err error) bool {
	api := smithy.APIError(nil)
	if !errors.As(err, &api) {
		return false
	}
	// The legacy code stands in a header and the shape in the body; servers differ in which of them they send.
	code := strings.TrimSuffix(api.ErrorCode(), "Exception")
	return code == "InvalidParameterValue" || code == "MissingParameter" || code == "InvalidAttributeValue"
}
