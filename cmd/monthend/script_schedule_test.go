package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// scriptFired waits until a schedule has fired so often and every report it asked for is published: fired SCHEDULE N. It leaves the
// run of the latest period in $RUN.
func scriptFired(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	ctx := context.Background()
	books, err := ledger.Open(ctx, ledger.Config{URL: ts.Getenv("MONTHEND_DATABASE_URL")})
	ts.Check(err)
	defer books.Close()
	var runs []string
	ts.Check(poll(ctx, scriptTimeout, func(ctx context.Context) (bool, error) {
		firings, err := books.Firings(ctx, args[0])
		if err != nil || len(firings) != want {
			return false, err
		}
		runs = runs[:0]
		for _, f := range firings {
			request, err := books.Request(ctx, f.RequestID)
			if err != nil || request.Outcome == "" {
				return false, nil // on its way
			}
			if request.Outcome != report.Published || request.Schedule != args[0] {
				return false, fmt.Errorf("%s of schedule %q is %q: %s", f.Period, request.Schedule, request.Outcome, request.Error)
			}
			runs = append(runs, request.RunID)
		}
		return true, nil
	}))
	ts.Setenv("RUN", runs[0])
}
