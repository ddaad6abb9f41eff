package remote_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/monthend/monthend/pipeline/source/remote"
	"github.com/monthend/monthend/report"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a real HTTP server on loopback.
func server(t *testing.T, handle http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	return s
}

// serve answers a body with a media type.
func serve(t *testing.T, media, body string) *httptest.Server {
	return server(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", media)
		fmt.Fprint(w, body)
	})
}

// fetcher allows hosts, and waits for nothing.
func fetcher(t *testing.T, hosts string, alter ...func(*remote.Config)) *remote.Fetcher {
	t.Helper()
	list, err := remote.ParseHosts(hosts)
	if err != nil {
		t.Fatal(err)
	}
	cfg := remote.Config{Hosts: list, Wait: func(context.Context, time.Duration) error { return nil }}
	for _, a := range alter {
		a(&cfg)
	}
	f, err := remote.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func fetch(t *testing.T, f *remote.Fetcher, o report.Outside) (remote.Receipt, string, error) {
	t.Helper()
	if o.Format == "" {
		o.Format = report.OutsideJSON
	}
	to := filepath.Join(t.TempDir(), "answer")
	receipt, err := f.Fetch(t.Context(), &o, o.URL+o.File, to)
	data, _ := os.ReadFile(to)
	return receipt, string(data), err
}

// wantError checks that err is permanent or passing, and says so.
func wantError(t *testing.T, err error, permanent bool, words string) {
	t.Helper()
	if err == nil || remote.IsPermanent(err) != permanent || remote.IsTransient(err) == permanent || !strings.Contains(err.Error(), words) {
		t.Errorf("got %v (permanent %t), want permanent %t with %q", err, remote.IsPermanent(err), permanent, words)
	}
}

func TestFetchSavesTheAnswer(t *testing.T) {
	const body = `{"rates":[{"currency":"EUR"}]}`
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer s3cret" || r.Header.Get("X-Plain") != "as it is" || r.URL.RawQuery != "on=2026-03-01" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		fmt.Fprint(w, body)
	})
	f := fetcher(t, s.URL, func(c *remote.Config) { c.Secrets = map[string]string{"MONTHEND_SECRET_FX": "Bearer s3cret"} })
	o := report.Outside{URL: s.URL + "/v1/rates?on=2026-03-01", Headers: []report.Header{
		{Name: "Authorization", Env: "MONTHEND_SECRET_FX"}, {Name: "X-Plain", Value: "as it is"},
	}}
	receipt, got, err := fetch(t, f, o)
	sum := sha256.Sum256([]byte(body))
	want := remote.Receipt{URL: s.URL + "/v1/rates", Status: 200, Bytes: int64(len(body)), SHA256: hex.EncodeToString(sum[:])}
	if err != nil || got != body || receipt != want {
		t.Errorf("got %+v, %q, %v; want %+v", receipt, got, err, want)
	}
}

func TestNothingIsAllowedUnlessItIsSet(t *testing.T) {
	var called atomic.Int64
	s := server(t, func(http.ResponseWriter, *http.Request) { called.Add(1) })
	_, _, err := fetch(t, fetcher(t, ""), report.Outside{URL: s.URL + "/rates?key=hidden"})
	wantError(t, err, true, "MONTHEND_SOURCE_HOSTS")
	if strings.Contains(fmt.Sprint(err), "hidden") {
		t.Errorf("got %v, want no query in it", err)
	}
	_, _, err = fetch(t, fetcher(t, ""), report.Outside{File: "file:///etc/passwd"})
	wantError(t, err, true, "MONTHEND_SOURCE_FILES")
	_, _, err = fetch(t, fetcher(t, ""), report.Outside{File: "s3://bucket/key"})
	wantError(t, err, true, "MONTHEND_SOURCE_FILES")
	// The same host by another scheme or port is another one.
	_, _, err = fetch(t, fetcher(t, "https://127.0.0.1"), report.Outside{URL: s.URL})
	wantError(t, err, true, "MONTHEND_SOURCE_HOSTS")
	if called.Load() != 0 {
		t.Errorf("the server was called %d times, want never", called.Load())
	}
}

func TestASecretThatIsNotThere(t *testing.T) {
	s := serve(t, "application/json", "[]")
	o := report.Outside{URL: s.URL, Headers: []report.Header{{Name: "Authorization", Env: "MONTHEND_SECRET_NONE"}}}
	_, _, err := fetch(t, fetcher(t, s.URL), o)
	wantError(t, err, true, "MONTHEND_SECRET_NONE")
	f := fetcher(t, s.URL, func(c *remote.Config) { c.Secrets = map[string]string{"MONTHEND_SECRET_NONE": "a\r\nX-Evil: 1"} })
	_, _, err = fetch(t, f, o)
	wantError(t, err, true, "characters that no header has")
	if _, err := remote.New(remote.Config{Secrets: map[string]string{"AWS_SECRET_ACCESS_KEY": "x"}}); err == nil {
		t.Error("got a fetcher that knows another variable, want an error")
	}
}

func TestStatusDecidesWhetherToTryAgain(t *testing.T) {
	for _, c := range []struct {
		status    int
		permanent bool
		calls     int64
		class     string
	}{
		{400, true, 1, "error"}, {401, true, 1, "error"}, {404, true, 1, "error"}, {204, true, 1, "error"},
		{408, false, 4, "fault"}, {429, false, 4, "throttle"}, {500, false, 4, "fault"}, {503, false, 4, "fault"},
	} {
		t.Run(fmt.Sprint(c.status), func(t *testing.T) {
			var calls atomic.Int64
			s := server(t, func(w http.ResponseWriter, _ *http.Request) {
				calls.Add(1)
				w.WriteHeader(c.status)
			})
			receipt, _, err := fetch(t, fetcher(t, s.URL), report.Outside{URL: s.URL, Retries: 3})
			wantError(t, err, c.permanent, fmt.Sprint(c.status))
			var own *remote.Error
			if !errors.As(err, &own) || own.TraceClass() != c.class || calls.Load() != c.calls || int64(receipt.Retries) != c.calls-1 || receipt.Status != c.status {
				t.Errorf("got class %q, %d calls, %+v; want %q and %d", own.TraceClass(), calls.Load(), receipt, c.class, c.calls)
			}
		})
	}
}

func TestItWaitsAsLongAsItIsAskedTo(t *testing.T) {
	now := time.Date(2026, 4, 1, 6, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		after string
		calls int64
		least time.Duration
	}{
		{"7", 2, 7 * time.Second}, {now.Add(9 * time.Second).Format(http.TimeFormat), 2, 9 * time.Second},
		{"", 2, 250 * time.Millisecond}, {"soon", 2, 250 * time.Millisecond}, {"-5", 2, 250 * time.Millisecond},
		{"3600", 1, 0}, {"99999999999999999999", 2, 250 * time.Millisecond},
	} {
		t.Run(c.after, func(t *testing.T) {
			var calls atomic.Int64
			s := server(t, func(w http.ResponseWriter, _ *http.Request) {
				if calls.Add(1) == 1 {
					w.Header().Set("Retry-After", c.after)
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprint(w, "[]")
			})
			var waited time.Duration
			f := fetcher(t, s.URL, func(cfg *remote.Config) {
				cfg.Now = func() time.Time { return now }
				cfg.Wait = func(_ context.Context, d time.Duration) error {
					waited += d
					return nil
				}
			})
			_, _, err := fetch(t, f, report.Outside{URL: s.URL, Retries: 2})
			if calls.Load() != c.calls || waited < c.least || waited > c.least+time.Second || (err == nil) != (c.calls == 2) {
				t.Errorf("got %d calls, waited %s, %v; want %d and %s or a little more", calls.Load(), waited, err, c.calls, c.least)
			}
		})
	}
}

func TestAnswersAreBounded(t *testing.T) {
	small := func(c *remote.Config) { c.MaxBytes = 1000 }
	t.Run("TooLong", func(t *testing.T) {
		s := serve(t, "application/json", strings.Repeat("x", 1001))
		_, data, err := fetch(t, fetcher(t, s.URL, small), report.Outside{URL: s.URL, Retries: 3})
		wantError(t, err, true, "more than 1000 bytes")
		if len(data) != 0 {
			t.Errorf("got %d bytes saved of an answer that says how long it is, want none", len(data))
		}
	})
	t.Run("TooLongWithoutSaying", func(t *testing.T) {
		s := server(t, func(w http.ResponseWriter, _ *http.Request) {
			for range 100 {
				fmt.Fprint(w, strings.Repeat("x", 100))
				w.(http.Flusher).Flush()
			}
		})
		_, data, err := fetch(t, fetcher(t, s.URL, small), report.Outside{URL: s.URL})
		wantError(t, err, true, "more than 1000 bytes")
		if len(data) > 1000 {
			t.Errorf("got %d bytes saved, want 1000 at most", len(data))
		}
	})
	t.Run("JustFits", func(t *testing.T) {
		s := serve(t, "application/json", strings.Repeat("x", 1000))
		if _, data, err := fetch(t, fetcher(t, s.URL, small), report.Outside{URL: s.URL}); err != nil || len(data) != 1000 {
			t.Errorf("got %d bytes, %v, want 1000", len(data), err)
		}
	})
	t.Run("GzipBomb", func(t *testing.T) {
		s := server(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			packed := gzip.NewWriter(w)
			packed.Write(make([]byte, 500_000))
			packed.Close()
		})
		_, data, err := fetch(t, fetcher(t, s.URL, small), report.Outside{URL: s.URL})
		wantError(t, err, true, "more than 1000 bytes")
		if len(data) > 1000 {
			t.Errorf("got %d bytes saved, want 1000 at most", len(data))
		}
	})
	t.Run("GzipOfNothing", func(t *testing.T) { // members that unpack into nothing, one after the other
		var empty bytes.Buffer
		gzip.NewWriter(&empty).Close()
		s := server(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(bytes.Repeat(empty.Bytes(), 1000))
		})
		_, _, err := fetch(t, fetcher(t, s.URL, small), report.Outside{URL: s.URL})
		wantError(t, err, true, "more than 1000 bytes")
	})
	t.Run("AskedForTooMuch", func(t *testing.T) {
		f := fetcher(t, "https://fx.example")
		_, _, err := fetch(t, f, report.Outside{URL: "https://fx.example/", MaxMB: 65})
		wantError(t, err, true, "MONTHEND_SOURCE_MAX_MB")
		_, _, err = fetch(t, f, report.Outside{URL: "https://fx.example/", MaxRows: 2_000_000})
		wantError(t, err, true, "MONTHEND_SOURCE_MAX_ROWS")
	})
}

func TestGzipIsUnpackedAndCounted(t *testing.T) {
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			w.WriteHeader(http.StatusBadRequest)
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		fmt.Fprint(packed, `[{"id":1}]`)
		packed.Close()
	})
	receipt, data, err := fetch(t, fetcher(t, s.URL), report.Outside{URL: s.URL})
	if err != nil || data != `[{"id":1}]` || receipt.Bytes != 10 {
		t.Errorf("got %q, %+v, %v", data, receipt, err)
	}
}

func TestBrokenAnswersAreTriedAgain(t *testing.T) {
	for _, c := range []struct {
		name, words string
		broken      http.HandlerFunc
	}{
		{"LyingContentLength", "damaged or cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "[")
		}},
		{"CutGzip", "damaged or cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			var whole bytes.Buffer
			packed := gzip.NewWriter(&whole)
			fmt.Fprint(packed, "[1,2,3]")
			packed.Close()
			w.Write(whole.Bytes()[:whole.Len()-6])
		}},
		{"NoGzip", "damaged or cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			fmt.Fprint(w, "[1,2,3] and so on")
		}},
		{"Hangup", "connection", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		{"SlowBody", "no whole answer within 50ms", func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, "[")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}},
		{"SlowHeader", "no whole answer within 50ms", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			var calls atomic.Int64
			s := server(t, func(w http.ResponseWriter, r *http.Request) {
				if calls.Add(1) == 1 {
					c.broken(w, r)
					return
				}
				fmt.Fprint(w, "[]")
			})
			o, slow := report.Outside{URL: s.URL, Timeout: time.Minute}, strings.HasPrefix(c.words, "no whole")
			if slow {
				o.Timeout = 50 * time.Millisecond
			}
			_, _, err := fetch(t, fetcher(t, s.URL), o)
			wantError(t, err, false, c.words)
			calls.Store(0)
			o.Retries = 1
			if slow {
				o.Timeout = 2 * time.Second // the second call is as long in time, on a busy machine too
			}
			if receipt, data, err := fetch(t, fetcher(t, s.URL), o); err != nil || data != "[]" || receipt.Retries != 1 {
				t.Errorf("got %q, %+v, %v; want it whole at the second call", data, receipt, err)
			}
		})
	}
}

func TestOtherMediaTypesAreTold(t *testing.T) {
	for _, c := range []struct{ media, format, words string }{
		{"text/html; charset=utf-8", "json", `"text/html"`}, {"application/json", "csv", `"application/json"`}, {"image/png", "parquet", `"image/png"`},
		{"application/hal+json", "json", ""}, {"text/csv; header=present", "csv", ""}, {"application/octet-stream", "parquet", ""}, {"", "json", ""},
	} {
		s := server(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{c.media}
			fmt.Fprint(w, "[]")
		})
		_, _, err := fetch(t, fetcher(t, s.URL), report.Outside{URL: s.URL, Format: c.format})
		if c.words == "" && err != nil {
			t.Errorf("%s as %s: got %v, want it taken", c.media, c.format, err)
		}
		if c.words != "" {
			wantError(t, err, true, c.words)
		}
	}
	s := server(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Encoding", "br") })
	_, _, err := fetch(t, fetcher(t, s.URL), report.Outside{URL: s.URL})
	wantError(t, err, true, "encoding")
}

func TestTheRunsEndEndsTheCall(t *testing.T) {
	gone := errors.New("the lease is lost")
	ctx, cancel := context.WithCancelCause(t.Context())
	s := server(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel(gone)
		<-r.Context().Done()
	})
	_, err := fetcher(t, s.URL).Fetch(ctx, &report.Outside{URL: s.URL, Format: "json", Retries: 5}, s.URL, filepath.Join(t.TempDir(), "x"))
	if !errors.Is(err, gone) {
		t.Errorf("got %v, want %v", err, gone)
	}
}

func TestTLSIsVerified(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "[]") }))
	t.Cleanup(s.Close)
	s.Config.ErrorLog = nil
	_, _, err := fetch(t, fetcher(t, s.URL), report.Outside{URL: s.URL, Retries: 2})
	wantError(t, err, true, "certificate")
	pool := s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	if _, data, err := fetch(t, fetcher(t, s.URL, func(c *remote.Config) { c.RootCAs = pool }), report.Outside{URL: s.URL}); err != nil || data != "[]" {
		t.Errorf("got %q, %v, want it read once its certificate is known", data, err)
	}
}
