package console_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/monthend/monthend/console"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// door is a server on a real port.
type door struct {
	addr  string
	stop  context.CancelFunc // the first signal
	abort context.CancelFunc // the second
	ended chan error
	mu    sync.Mutex
	log   bytes.Buffer
}

func (d *door) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log.Write(p)
}

func (d *door) logged() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log.String()
}

func open(t *testing.T, cfg console.Config, handler http.HandlerFunc) *door {
	t.Helper()
	d := &door{ended: make(chan error, 1)}
	cfg.Handler, cfg.Logger = handler, slog.New(slog.NewJSONHandler(d, nil))
	server, err := console.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d.addr = listener.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	abort, abortNow := context.WithCancel(context.Background())
	d.stop, d.abort = stop, abortNow
	go func() { d.ended <- server.Serve(ctx, abort, listener); close(d.ended) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		stop()
		abortNow()
		<-d.ended
	})
	return d
}

func hello(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }

// get answers the status, the header and the body.
func (d *door) get(t *testing.T, header map[string]string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+d.addr+"/x?secret=mth_1", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(text)
}

// raw sends bytes as they are and answers all that comes until the server ends the connection, and how long that took.
func (d *door) raw(t *testing.T, text string) (string, time.Duration) {
	t.Helper()
	conn, err := net.Dial("tcp", d.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	began := time.Now()
	if _, err := io.WriteString(conn, text); err != nil {
		return "", time.Since(began)
	}
	if err := conn.SetReadDeadline(began.Add(90 * time.Second)); err != nil {
		t.Fatal(err)
	}
	said, _ := io.ReadAll(conn) // however it ends
	return string(said), time.Since(began)
}

func TestGuard(t *testing.T) {
	local := open(t, console.Config{Loopback: true}, hello)
	named := open(t, console.Config{Hosts: []string{"reports.example.org"}}, hello)
	anyone := open(t, console.Config{}, hello)
	for _, row := range []struct {
		name   string
		door   *door
		header map[string]string
		want   int
	}{
		{"a program", local, nil, 200},
		{"typed in", local, map[string]string{"Sec-Fetch-Site": "none"}, 200},
		{"our own page", local, map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "http://" + local.addr}, 200},
		{"another site", local, map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"another port of the site", local, map[string]string{"Sec-Fetch-Site": "same-site"}, 403},
		{"a word nobody knows", local, map[string]string{"Sec-Fetch-Site": "friend"}, 403},
		{"another origin", local, map[string]string{"Origin": "https://evil.example"}, 403},
		{"a hidden origin", local, map[string]string{"Origin": "null"}, 403},
		{"an origin that is none", local, map[string]string{"Origin": "%"}, 403},
		{"another port", local, map[string]string{"Origin": "http://127.0.0.1:1"}, 403},
		{"a rebound name", local, map[string]string{"Host": "evil.example"}, 421},
		{"a rebound name with its origin", local, map[string]string{"Host": "evil.example:8080", "Origin": "http://evil.example:8080", "Sec-Fetch-Site": "same-origin"}, 421},
		{"a name like ours", local, map[string]string{"Host": "localhost.evil.example"}, 421},
		{"localhost", local, map[string]string{"Host": "LOCALHOST:8080"}, 200},
		{"IPv6", local, map[string]string{"Host": "[::1]:8080"}, 200},
		{"our name", named, map[string]string{"Host": "Reports.Example.org:443"}, 200},
		{"not our name", named, map[string]string{"Host": "evil.example"}, 421},
		{"any name", anyone, map[string]string{"Host": "evil.example"}, 200},
		{"another site, anywhere", anyone, map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
	} {
		status, header, text := row.door.get(t, row.header)
		if status != row.want || (status != 200) != (header.Get("Content-Type") == "application/problem+json") {
			t.Errorf("%s: got %d %s, want %d", row.name, status, text, row.want)
		}
		for _, name := range []string{"Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Cross-Origin-Resource-Policy"} {
			if header.Get(name) == "" {
				t.Errorf("%s: no %s", row.name, name)
			}
		}
		if header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: other sites may read the answer", row.name)
		}
	}
}

// Whoever sends slowly, too much or no HTTP is refused, and in time.
func TestBadPeers(t *testing.T) {
	take := func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
	}
	impatient := open(t, console.Config{HeaderTime: 200 * time.Millisecond}, take)
	// Whoever sends whole headers gets the time that it takes on a busy machine.
	d := open(t, console.Config{HeaderTime: time.Minute, ReadTime: 500 * time.Millisecond, IdleTime: 200 * time.Millisecond, HeaderBytes: 8 << 10}, take)
	for name, row := range map[string]struct{ text, want string }{
		"headers that never end":  {"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: b\r\n", ""},
		"nothing at all":          {"", ""},
		"a body that never comes": {"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{", "HTTP/1.1 400"},
		"a large header":          {"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " + strings.Repeat("a", 64<<10) + "\r\n\r\n", "HTTP/1.1 431"},
		"no HTTP":                 {"EHLO mail\r\n\r\n", "HTTP/1.1 400"},
		"no host":                 {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400"},
		"two hosts":               {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "HTTP/1.1 400"},
		"a space in a name":       {"GET / HTTP/1.1\r\nHost: a\r\nX A: b\r\n\r\n", "HTTP/1.1 400"},
		"two lengths":             {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "HTTP/1.1 400"},
		"an unheard-of coding":    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: zip\r\n\r\nab", "HTTP/1.1 501"},
		"kept open without use":   {"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "HTTP/1.1 200"},
	} {
		door := d
		if row.want == "" {
			door = impatient
		}
		said, took := door.raw(t, row.text)
		if !strings.HasPrefix(said, row.want) || row.want == "" && said != "" || took > 50*time.Second {
			t.Errorf("%s: got %.40q after %s, want %q", name, said, took, row.want)
		}
	}
}

func TestBounds(t *testing.T) {
	inside, leave := make(chan bool), make(chan bool)
	d := open(t, console.Config{Concurrent: 2, Connections: 4}, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Wait") != "" {
			inside <- true
			<-leave
		}
	})
	var waiting sync.WaitGroup
	for range 2 {
		waiting.Go(func() { d.get(t, map[string]string{"Wait": "yes"}) })
		<-inside
	}
	if status, header, text := d.get(t, nil); status != 503 || header.Get("Retry-After") == "" || !strings.Contains(text, "busy") {
		t.Errorf("got %d %s beside as many as are allowed", status, text)
	}
	var open []net.Conn
	ended := make(chan error, 8)
	for range cap(ended) { // more connections than are taken: the first ones stay, the others are ended
		conn, err := net.Dial("tcp", d.addr)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, conn)
		if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		go func() { // ends with the connection
			_, err := conn.Read(make([]byte, 1))
			ended <- err
		}()
	}
	for n := range 7 {
		if err := <-ended; err == nil || isTimeout(err) {
			t.Errorf("%d of 8 connections were ended beside three of four", n)
			break
		}
	}
	for _, conn := range open {
		conn.Close()
	}
	leave <- true
	leave <- true
	waiting.Wait()
	if status, _, text := d.get(t, nil); status != 200 {
		t.Errorf("got %d %s when there is room again", status, text)
	}
}

func isTimeout(err error) bool {
	timeout, ok := err.(net.Error)
	return ok && timeout.Timeout()
}

// What went wrong inside is in the log, and nowhere else.
func TestPanic(t *testing.T) {
	d := open(t, console.Config{}, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Begun") != "" {
			io.WriteString(w, "half")
			http.NewResponseController(w).Flush()
		}
		panic("the password is hunter2")
	})
	status, header, text := d.get(t, nil)
	if status != 500 || header.Get("Content-Type") != "application/problem+json" || strings.Contains(text, "hunter2") || strings.Contains(text, ".go") {
		t.Errorf("got %d %s", status, text)
	}
	said, _ := d.raw(t, "GET / HTTP/1.1\r\nHost: a\r\nBegun: yes\r\n\r\n")
	if response, err := http.ReadResponse(bufio.NewReader(strings.NewReader(said)), nil); err != nil {
		t.Error(err)
	} else if _, err := io.ReadAll(response.Body); err == nil {
		t.Errorf("half an answer looks whole: %q", said)
	}
	if log := d.logged(); strings.Count(log, "hunter2") != 2 || !strings.Contains(log, "console_test.go") {
		t.Errorf("logged %s", log)
	}
}

func TestLog(t *testing.T) {
	d := open(t, console.Config{}, func(w http.ResponseWriter, r *http.Request) {
		console.Tell(r, "erp")
		w.Header().Set("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1")
		w.WriteHeader(418)
	})
	d.get(t, map[string]string{"Authorization": "Bearer mth_2"})
	log := d.logged()
	for _, want := range []string{`"method":"GET"`, `"path":"/x"`, `"status":418`, `"by":"erp"`, `"trace_id":"1-5759e988-bd862e3fe1be46a994272793"`} {
		if !strings.Contains(log, want) {
			t.Errorf("no %s in %s", want, log)
		}
	}
	if strings.Contains(log, "mth_") {
		t.Errorf("a secret in %s", log)
	}
}

// A request in work ends whole after the first signal; the second, or the end of the drain, cuts it off.
func TestDrain(t *testing.T) {
	for name, row := range map[string]struct {
		drain time.Duration
		end   func(d *door, leave chan bool)
		whole bool
	}{
		"whole":    {time.Minute, func(_ *door, leave chan bool) { leave <- true }, true},
		"too long": {50 * time.Millisecond, func(*door, chan bool) {}, false},
		"aborted":  {time.Minute, func(d *door, _ chan bool) { d.abort() }, false},
	} {
		t.Run(name, func(t *testing.T) {
			inside, leave := make(chan bool), make(chan bool, 1)
			d := open(t, console.Config{Drain: row.drain}, func(w http.ResponseWriter, r *http.Request) {
				inside <- true
				select {
				case <-leave:
				case <-r.Context().Done():
				}
				fmt.Fprint(w, "done")
			})
			got := make(chan string, 1)
			go func() {
				response, err := http.Get("http://" + d.addr)
				if err != nil {
					got <- err.Error()
					return
				}
				defer response.Body.Close()
				text, _ := io.ReadAll(response.Body)
				got <- string(text)
			}()
			<-inside
			d.stop()
			row.end(d, leave)
			err := <-d.ended
			if text := <-got; (text == "done") != row.whole || (err == nil) != row.whole {
				t.Errorf("got %q, %v", text, err)
			}
			if _, err := net.Dial("tcp", d.addr); err == nil {
				t.Error("it still listens")
			}
		})
	}
}

func TestIsLoopback(t *testing.T) {
	for name, want := range map[string]bool{"localhost": true, "127.0.0.1": true, "127.8.8.8": true, "::1": true, "::ffff:127.0.0.1": true,
		"": false, "0.0.0.0": false, "::": false, "10.0.0.1": false, "localhost.example": false, "example.org": false} {
		if got := console.IsLoopback(name); got != want {
			t.Errorf("%q: got %v", name, got)
		}
	}
}
