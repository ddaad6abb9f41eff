package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// freePort is the port to look at next, of those that no system gives to whoever asks for any: until it is listened at, nobody
// takes it by chance.
var freePort = newFreePort()

func newFreePort() *atomic.Int32 {
	var port atomic.Int32
	port.Store(20_000 + rand.Int32N(10_000)) // another process of these tests begins elsewhere
	return &port
}

// scriptFreeAddress sets a variable to an address of loopback that nobody has: free-address NAME.
func scriptFreeAddress(ts *testscript.TestScript, _ bool, args []string) {
	for range 1000 {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", freePort.Add(1)))
		if err != nil {
			continue // somebody has it
		}
		ts.Check(listener.Close())
		ts.Setenv(args[0], listener.Addr().String())
		return
	}
	ts.Fatalf("no address is free")
}

// scriptScrape keeps what a page answers, once it answers with the code and holds each of the texts: scrape CODE URL FILE TEXT….
func scriptScrape(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: scrape CODE URL FILE TEXT…")
	}
	var body string
	ts.Check(poll(context.Background(), scriptTimeout, func(ctx context.Context) (bool, error) {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
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
