package trace

import (
	"context"
	"errors"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
)

// Class is whose doing an error was, as X-Ray counts it. The zero Class is nobody's: work that was called off.
type Class string

// The classes. A throttle is flagged as error too, which is how X-Ray means it; error and fault exclude each other.
const (
	ClassError    Class = "error"    // the asker's: bad input, bad data, a 4xx
	ClassThrottle Class = "throttle" // too much was asked at once, a 429
	ClassFault    Class = "fault"    // ours or the infrastructure's; the default
)

var throttling = retry.ThrottleErrorCode{Codes: retry.DefaultThrottleErrorCodes}

// ClassOf says whose doing err was. An error in the chain with the method
//
//	TraceClass() string // "error", "throttle" or "fault"
//
// decides, the outermost first. Else AWS's throttling codes and HTTP status 429 are throttle, an API error that AWS calls
// the client's and a status 4xx are error. context.Canceled is no class: who cancelled knows why, and says so on the
// segment; what was cut off did no wrong. A deadline that passed is a fault like everything else.
func ClassOf(err error) Class {
	var own interface{ TraceClass() string }
	if errors.As(err, &own) {
		switch c := Class(own.TraceClass()); c {
		case ClassError, ClassThrottle, ClassFault:
			return c
		}
	}
	if errors.Is(err, context.Canceled) {
		return ""
	}
	if throttling.IsErrorThrottle(err) == aws.TrueTernary {
		return ClassThrottle
	}
	var answered interface{ HTTPStatusCode() int }
	if errors.As(err, &answered) {
		if class := classOfStatus(answered.HTTPStatusCode()); class != "" {
			return class
		}
		return ClassFault
	}
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorFault() == smithy.FaultClient {
		return ClassError
	}
	return ClassFault
}

// classOfStatus is the class of an HTTP status, "" for one that is no failure.
func classOfStatus(status int) Class {
	switch {
	case status == http.StatusTooManyRequests:
		return ClassThrottle
	case status >= 500:
		return ClassFault
	case status >= 400:
		return ClassError
	}
	return ""
}
