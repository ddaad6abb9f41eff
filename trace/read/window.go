package read

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
)

// window is the longest time that X-Ray draws a map of at once, and a quarter of what it lists.
const window = 6 * time.Hour

// windows asks for a stretch of time in pieces, the newest first, each [from, to); they meet at whole windows of the epoch,
// so that the same question has the same pieces a second later. An answer of false ends it.
func windows(ctx context.Context, from, to time.Time, ask func(from, to time.Time) (bool, error)) error {
	for from.Before(to) {
		start := to.Add(-time.Millisecond).Truncate(window) // X-Ray counts in milliseconds
		if start.Before(from) {
			start = from
		}
		more, err := ask(start, to)
		if err != nil || !more {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		to = start
	}
	return nil
}

// RefusedError is a question that X-Ray understood and did not take, such as a filter expression that is none.
type RefusedError struct {
	Message string
	err     error
}

func (e *RefusedError) Error() string { return e.Message }

func (e *RefusedError) Unwrap() error { return e.err }

// asking says what was being asked when err came. It tells what X-Ray refused from what it could not be asked, and leaves
// off how often the SDK has tried.
func asking(what string, err error) error {
	var refused *types.InvalidRequestException
	var broken *url.Error
	switch {
	case errors.As(err, &refused):
		err = &RefusedError{aws.ToString(refused.Message), err}
	case errors.As(err, &broken):
		err = broken
	}
	return fmt.Errorf("%s: %w", what, err)
}
