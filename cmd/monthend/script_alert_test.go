package main

import (
	"context"
	"fmt"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/monthend/monthend/pipeline/ledger"
)

// scriptAlerted waits until so many alerts of a run have come to an end: alerted RUN N.
func scriptAlerted(ts *testscript.TestScript, _ bool, args []string) {
	ctx := context.Background()
	books, err := ledger.Open(ctx, ledger.Config{URL: ts.Getenv("MONTHEND_DATABASE_URL")})
	ts.Check(err)
	defer books.Close()
	ts.Check(poll(ctx, scriptTimeout, func(ctx context.Context) (bool, error) {
		list, err := books.Deliveries(ctx, args[0])
		ended := 0
		for _, d := range list {
			if d.Kind == ledger.DeliveryOfAlert && !d.EndedAt.IsZero() {
				ended++
			}
		}
		return fmt.Sprint(ended) == args[1], err
	}))
}
