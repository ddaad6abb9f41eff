package main

import (
	"context"
	"regexp"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/monthend/monthend/pipeline/ledger"
)

// scriptParent takes the id of the parent that was printed for people: parent FILE sets REQUEST.
func scriptParent(ts *testscript.TestScript, _ bool, args []string) {
	m := regexp.MustCompile(`(?m)^request +(\S+)$`).FindStringSubmatch(ts.ReadFile(args[0]))
	if m == nil {
		ts.Fatalf("%s names no request", args[0])
	}
	ts.Setenv("REQUEST", m[1])
}

// scriptAwaitParent waits until a request has been made one a tenant: await-parent REQUEST.
func scriptAwaitParent(ts *testscript.TestScript, _ bool, args []string) {
	books, err := ledger.Open(context.Background(), ledger.Config{URL: ts.Getenv("MONTHEND_DATABASE_URL")})
	ts.Check(err)
	defer books.Close()
	ts.Check(poll(context.Background(), scriptTimeout, func(ctx context.Context) (bool, error) {
		_, err := books.Fanout(ctx, args[0])
		return err == nil, nil
	}))
}
