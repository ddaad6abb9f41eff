// Package early hides from the X-Ray SDK the one variable that the SDK panics over: AWS_XRAY_DAEMON_ADDRESS, which it resolves while
// the program is being initialized, so that a daemon's name that nobody knows yet would end a worker before it began. Where traces
// go is trace.Config's to say.
//
// It works by order. Go initializes the first package, by import path, whose imports are all initialized. This one imports os
// alone and so comes before github.com/valyala/fasthttp, which the SDK imports and has to wait for. Should an SDK ever come earlier, the
// test of trace that starts a program with such a variable says so.
package early

import "os"

func init() { os.Unsetenv("AWS_XRAY_DAEMON_ADDRESS") }
