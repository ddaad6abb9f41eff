package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptFreeAddress sets a variable to an address of loopback that nobody has: free-address NAME.
func scriptFreeAddress(ts *testscript.TestScript, _ bool, args []string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Check(listener.Close())
	ts.Setenv(args[0], listener.Addr().String())
}

// scriptScrape keeps what a page answers, once it answers with the code and holds each of the texts: scrape CODE URL FILE TEXT….
func scriptScrape(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: scrape CODE URL FILE TEXT…")
	}
	var body string
	ts.Check(poll(context.Background(), scriptTimeout, func(ctx context.Context) (bool, error) {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, "GET", args[1], nil)
		if err != nil {
			return false, err
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return false, nil // not there yet
		}
		defer answer.Body.Close()
		data, err := io.ReadAll(answer.Body)
		body = string(data)
		for _, text := range args[3:] {
			if !strings.Contains(body, text) {
				return false, err
			}
		}
		return fmt.Sprint(answer.StatusCode) == args[0], err
	}))
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(body), 0o600))
}
