package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"
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

// scriptPosted waits until at least so many alerts of what is missing are written, each once: posted N.
func scriptPosted(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, ts.Getenv("MONTHEND_DATABASE_URL"))
	ts.Check(err)
	defer conn.Close(ctx)
	ts.Check(poll(ctx, scriptTimeout, func(ctx context.Context) (bool, error) {
		var posted, apart int
		err := conn.QueryRow(ctx, `SELECT count(*), count(DISTINCT condition) FROM monthend.deliveries WHERE kind = 'alert' AND run_id = ''`).Scan(&posted, &apart)
		if posted != apart {
			err = fmt.Errorf("%d alerts of %d conditions", posted, apart)
		}
		return posted >= want, err
	}))
}
