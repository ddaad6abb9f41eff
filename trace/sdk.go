package trace

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"

	"github.com/aws/aws-xray-sdk-go/v2/strategy/ctxmissing"
	"github.com/aws/aws-xray-sdk-go/v2/strategy/sampling"
	"github.com/aws/aws-xray-sdk-go/v2/xray"
	"github.com/aws/aws-xray-sdk-go/v2/xraylog"

	_ "github.com/monthend/monthend/trace/early" // before the SDK is initialized
)

// sdkConfig is handed to the SDK with each segment, so that its global configuration stays as it is.
func sdkConfig(e xray.Emitter) *xray.Config {
	return &xray.Config{
		Emitter:                e,
		SamplingStrategy:       always{},
		ContextMissingStrategy: ctxmissing.NewDefaultIgnoreErrorStrategy(),
	}
}

// always keeps the SDK recording. The decision that counts is recording.keep; and the SDK's own strategy, once asked, would
// poll the daemon for as long as the process lives.
type always struct{}

func (always) ShouldTrace(*sampling.Request) *sampling.Decision {
	return &sampling.Decision{Sample: true}
}

// anyRequest makes the SDK honour the header's decision: without a request it asks the strategy again.
func anyRequest() *http.Request { return &http.Request{URL: &url.URL{}} }

// sdkLogger is the one thing the SDK has only globally; unset, it prints to standard output.
var sdkLogger sync.Once

// silenceSDK sends the SDK's warnings to the log of the first Tracer made and drops the rest.
func silenceSDK(log *slog.Logger) {
	sdkLogger.Do(func() { xray.SetLogger(slogged{log}) })
}

type slogged struct{ log *slog.Logger }

func (s slogged) Log(level xraylog.LogLevel, message fmt.Stringer) {
	switch level {
	case xraylog.LogLevelWarn:
		s.log.LogAttrs(context.Background(), slog.LevelWarn, "x-ray sdk: "+message.String())
	case xraylog.LogLevelError:
		s.log.LogAttrs(context.Background(), slog.LevelError, "x-ray sdk: "+message.String())
	}
}
