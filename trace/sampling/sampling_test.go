package sampling_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/monthend/monthend/local/xray"
	"github.com/monthend/monthend/trace/sampling"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is moved by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Unix(1_800_000_000, 0)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

const rules = `{
  "version": 2,
  "default": {"fixed_target": 0, "rate": 0},
  "rules": [
    {"description": "all of one report", "id": 1, "host": "*", "http_method": "*", "url_path": "/monthly-*", "fixed_target": 0, "rate": 1},
    {"host": "api", "http_method": "GET", "url_path": "/health?", "fixed_target": 0, "rate": 0},
    {"host": "API", "http_method": "*", "url_path": "*", "fixed_target": 2, "rate": 0.5}
  ]
}`

func TestLocal(t *testing.T) {
	now := newClock()
	l, err := sampling.ParseLocal([]byte(rules), now.Now)
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		q    sampling.Request
		want bool
	}{
		"by path":         {sampling.Request{Service: "monthend", Path: "/monthly-financials", Chance: 0.99}, true},
		"default":         {sampling.Request{Service: "monthend", Path: "/weekly", Chance: 0}, false},
		"by method":       {sampling.Request{Host: "api", Method: "get", Path: "/healthz", Chance: 0}, false},
		"no path at all":  {sampling.Request{Service: "monthend", Chance: 0.99}, true},
		"one letter more": {sampling.Request{Host: "api", Method: "GET", Path: "/health", Chance: 0.4}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := l.Sample(row.q); got.Sample != row.want || got.Rule != "" {
				t.Errorf("got %+v, want %v", got, row.want)
			}
		})
	}
	now.forward(time.Second)
	kept := 0
	for range 10 {
		if l.Sample(sampling.Request{Host: "api", Method: "PUT", Path: "/x", Chance: 0.5}).Sample {
			kept++
		}
	}
	if kept != 2 {
		t.Errorf("kept %d of a second, want the two of fixed_target", kept)
	}
}

func TestLocalVersion1(t *testing.T) {
	l, err := sampling.ParseLocal([]byte(`{"version": 1, "default": {"rate": 1},
		"rules": [{"service_name": "monthend", "http_method": "*", "url_path": "*", "rate": 0}]}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if l.Sample(sampling.Request{Service: "monthend"}).Sample || !l.Sample(sampling.Request{Service: "other", Chance: 0.9}).Sample {
		t.Error("version 1 names the host in service_name")
	}
}

func TestParseLocalRefuses(t *testing.T) {
	for name, row := range map[string]struct{ text, want string }{
		"no JSON":        {`rate: 1`, "sampling rules: invalid character 'r' looking for beginning of value"},
		"no version":     {`{"default": {"rate": 1}}`, "sampling rules: version 0 is neither 1 nor 2"},
		"no default":     {`{"version": 2}`, "sampling rules: default is missing"},
		"narrow default": {`{"version": 2, "default": {"host": "a", "rate": 1}}`, "sampling rules: default matches everything; it takes fixed_target and rate only"},
		"rate":           {`{"version": 2, "default": {"rate": 5}}`, "sampling rules: default: rate 5 is not between 0 and 1"},
		"target":         {`{"version": 2, "default": {"fixed_target": -1}}`, "sampling rules: default: fixed_target -1 is below 0"},
		"half a rule":    {`{"version": 2, "default": {}, "rules": [{"host": "a"}]}`, "sampling rules: rules[0]: want host, http_method and url_path; * matches everything"},
		"old field":      {`{"version": 2, "default": {}, "rules": [{"service_name": "a"}]}`, "sampling rules: rules[0]: version 2 names the host in host"},
		"unknown field":  {`{"version": 2, "default": {"rat": 1}}`, `sampling rules: json: unknown field "rat"`},
		"more":           {`{"version": 2, "default": {}} {}`, "sampling rules: something follows the rules"},
		"too long":       {strings.Repeat(" ", sampling.MaxFileSize+1), "sampling rules: 262145 bytes, more than 262144"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := sampling.ParseLocal([]byte(row.text), nil); err == nil || err.Error() != row.want {
				t.Errorf("got %v, want %s", err, row.want)
			}
		})
	}
}

func FuzzParseLocal(f *testing.F) {
	f.Add([]byte(rules))
	f.Add([]byte(`{"version": 1, "default": {"rate": 1}, "rules": [{"service_name": "*", "http_method": "*", "url_path": "*"}]}`))
	f.Add([]byte(`{"version": 2, "default": null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := sampling.ParseLocal(data, nil)
		if err != nil {
			return
		}
		l.Sample(sampling.Request{Service: "monthend", Host: "h", Method: "GET", Path: "/a*b", Chance: 0.5})
	})
}

// The local X-Ray gives a reservoir of three a second and nothing beyond.
func TestCentral(t *testing.T) {
	now := newClock()
	none := 0.0
	server, err := xray.Start(xray.Config{SampleRate: &none, Reservoir: 3, Now: now.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	all, err := sampling.ParseLocal([]byte(`{"version": 2, "default": {"rate": 1}}`), now.Now)
	if err != nil {
		t.Fatal(err)
	}
	c, err := sampling.NewCentral(sampling.CentralConfig{Address: server.UDPAddr(), Fallback: all, Now: now.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Refresh(t.Context()); err != nil { // asks for the rules if the goroutine has not yet
		t.Fatal(err)
	}
	ask := func() (kept int) {
		now.forward(time.Second)
		for range 10 {
			d := c.Sample(sampling.Request{Service: "monthend", Path: "/x", Chance: 0.99})
			if d.Rule != "Default" {
				t.Fatalf("rule %q decided", d.Rule)
			}
			if d.Sample {
				kept++
			}
		}
		return kept
	}
	if got := ask(); got != 1 {
		t.Errorf("kept %d of a second without a quota, want the one that is borrowed", got)
	}
	if err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := ask(); got != 3 {
		t.Errorf("kept %d of a second, want the quota of 3", got)
	}
	now.forward(time.Minute)
	if got := ask(); got != 1 {
		t.Errorf("kept %d after the quota's end, want 1", got)
	}
	now.forward(2 * time.Hour)
	if got := c.Sample(sampling.Request{Service: "monthend", Chance: 0.99}); !got.Sample || got.Rule != "" {
		t.Errorf("got %+v from rules two hours old, want the fallback", got)
	}
}

// Rules that this package cannot hold are passed over; the others go by priority, the default last.
func TestCentralRules(t *testing.T) {
	rule := func(name string, priority int, more string) string {
		return `{"SamplingRule": {"RuleName": "` + name + `", "Priority": ` + strings.Repeat("1", priority) + `, "Version": 1, "ResourceARN": "*",
			"ServiceName": "*", "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "FixedRate": 1, "ReservoirSize": 0` + more + `}}`
	}
	pages := map[string]string{
		"": `{"NextToken": "two", "SamplingRuleRecords": [` + rule("Default", 1, `, "URLPath": "*"`) + `,` +
			rule("late", 3, `, "URLPath": "/a"`) + `,` + rule("by attribute", 1, `, "URLPath": "*", "Attributes": {"k": "v"}`) + `]}`,
		"two": `{"SamplingRuleRecords": [` + rule("early", 2, `, "URLPath": "/a"`) + `, {"SamplingRule": {"RuleName": "odd", "Version": 2}}, {}]}`,
	}
	var reported []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			NextToken                   string
			SamplingStatisticsDocuments []struct{ RuleName, ClientID string }
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		if r.URL.Path == "/GetSamplingRules" {
			_, _ = w.Write([]byte(pages[in.NextToken]))
			return
		}
		for _, s := range in.SamplingStatisticsDocuments {
			if reported = append(reported, s.RuleName); len(s.ClientID) != 24 {
				t.Errorf("client id %q", s.ClientID)
			}
		}
		_, _ = w.Write([]byte(`{"SamplingTargetDocuments": [{"RuleName": "early", "FixedRate": 0}]}`))
	}))
	defer server.Close()
	c, err := sampling.NewCentral(sampling.CentralConfig{Address: strings.TrimPrefix(server.URL, "http://")})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"/a": "early", "/b": "Default"} {
		if got := c.Sample(sampling.Request{Path: path, Chance: 0.9}); got.Rule != want || !got.Sample {
			t.Errorf("%s: got %+v, want %s", path, got, want)
		}
	}
	if err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(reported) != 2 {
		t.Errorf("reported %q, want the two rules that were asked", reported)
	}
	if got := c.Sample(sampling.Request{Path: "/a", Chance: 0}); got.Sample {
		t.Error("the rate that X-Ray gave does not count")
	}
}

func TestCentralWithoutADaemon(t *testing.T) {
	var log strings.Builder
	c, err := sampling.NewCentral(sampling.CentralConfig{
		Address: "127.0.0.1:1", Now: newClock().Now, Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	first, second := c.Sample(sampling.Request{Chance: 0.5}), c.Sample(sampling.Request{Chance: 0.5})
	if !first.Sample || second.Sample {
		t.Errorf("got %v and %v, want the first trace of a second alone", first, second)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Refresh(ctx); err == nil || !strings.HasPrefix(err.Error(), "ask for sampling rules: ") {
		t.Errorf("got %v", err)
	}
	c.Close()
	if got := strings.Count(log.String(), "\n"); got > 1 {
		t.Errorf("%d lines in the log", got)
	}
	if _, err := sampling.NewCentral(sampling.CentralConfig{Address: "nowhere"}); err == nil {
		t.Error("an address without a port is taken")
	}
}
