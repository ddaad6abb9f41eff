package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/monthend/monthend/pipeline/deliver"
	"github.com/monthend/monthend/pipeline/ledger"
)

// scriptSecret is what the receiver of a script checks signatures with.
const scriptSecret = "the secret of the script"

// receiver is somebody outside, who keeps what he gets.
type receiver struct {
	mutex sync.Mutex
	keys  []string
	wrong error
}

func (r *receiver) ServeHTTP(_ http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err == nil {
		err = deliver.Verify([]byte(scriptSecret), body, request.Header.Get(deliver.SignatureHeader), time.Now(), time.Minute)
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.keys = append(r.keys, request.Header.Get("Idempotency-Key"))
	r.wrong = errors.Join(r.wrong, err)
}

// receivers are those of the scripts that run, by their URL.
var receivers sync.Map

// scriptReceiver has somebody outside listen until the end of the script, and names him in a file: receiver FILE sets RECEIVER and
// SECRET, and writes RECEIVER and WORK into the file where it says so.
func scriptReceiver(ts *testscript.TestScript, _ bool, args []string) {
	r := &receiver{}
	server := httptest.NewServer(r)
	receivers.Store(server.URL, r)
	ts.Defer(func() {
		receivers.Delete(server.URL)
		server.Close()
	})
	ts.Setenv("RECEIVER", server.URL)
	ts.Setenv("SECRET", scriptSecret)
	text := strings.NewReplacer("{RECEIVER}", server.URL, "{WORK}", ts.Getenv("WORK")).Replace(ts.ReadFile(args[0]))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o644))
}

// scriptReceived checks how many deliveries came, under how many keys, each signed well: received REQUESTS KEYS.
func scriptReceived(ts *testscript.TestScript, _ bool, args []string) {
	found, ok := receivers.Load(ts.Getenv("RECEIVER"))
	if !ok {
		ts.Fatalf("nobody listens")
	}
	r := found.(*receiver)
	r.mutex.Lock()
	defer r.mutex.Unlock()
	ts.Check(r.wrong)
	keys := map[string]bool{}
	for _, key := range r.keys {
		keys[key] = true
	}
	if got := []string{strconv.Itoa(len(r.keys)), strconv.Itoa(len(keys))}; got[0] != args[0] || got[1] != args[1] {
		ts.Fatalf("%s requests under %s keys came, want %s under %s", got[0], got[1], args[0], args[1])
	}
}

// scriptDelivered waits until every delivery of a run has ended: delivered RUN.
func scriptDelivered(ts *testscript.TestScript, _ bool, args []string) {
	ctx := context.Background()
	books, err := ledger.Open(ctx, ledger.Config{URL: ts.Getenv("MONTHEND_DATABASE_URL")})
	ts.Check(err)
	defer books.Close()
	ts.Check(poll(ctx, scriptTimeout, func(ctx context.Context) (bool, error) {
		list, err := books.Deliveries(ctx, args[0])
		for _, d := range list {
			if d.EndedAt.IsZero() {
				return false, err
			}
		}
		return len(list) > 0, err
	}))
}
