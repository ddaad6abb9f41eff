package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/monthend/monthend/report"
)

func TestList(t *testing.T) {
	w := newWorld(t, options{})
	for i := range 7 {
		tenant := []string{"", "alpha", "beta"}[i%3]
		c := w.claim(fmt.Sprint("r", i), tenant, march.Add(-i))
		if i == 6 {
			w.end(c, report.Failed)
		} else if i%2 == 0 {
			w.publish(c, nil)
		}
	}
	count := func(token, query string) (n int) {
		t.Helper()
		for next := ""; ; {
			var p struct {
				Runs []map[string]any
				Next string
			}
			w.wants(http.StatusOK, call{method: "GET", path: "/api/runs?limit=2" + query + next, token: token}).into(t, &p)
			n += len(p.Runs)
			if p.Next == "" {
				return n
			}
			next = "&cursor=" + url.QueryEscape(p.Next)
		}
	}
	for query, want := range map[string]int{
		"": 7, "&tenant=alpha": 2, "&tenant=_": 3, "&outcome=published": 3, "&outcome=unended": 3, "&outcome=failed": 1, "&period=2026-03": 1,
		"&report=monthly-financials": 7, "&report=other": 0,
	} {
		if got := count(w.read, query); got != want {
			t.Errorf("%q: got %d runs, want %d", query, got, want)
		}
	}
	for query, want := range map[string]int{"": 2, "&tenant=alpha": 2, "&tenant=beta": 0, "&tenant=_": 0} {
		if got := count(w.alpha, query); got != want {
			t.Errorf("limited to alpha, %q: got %d runs, want %d", query, got, want)
		}
	}
	for _, query := range []string{"limit=0", "limit=201", "limit=x", "outcome=done", "period=2026", "tenant=a/b", "report=X", "cursor=x", "cursor=MSBydW4", "colour=red", "tenant=", "limit=1&limit=2", "report=%00", "%ff=1"} {
		if got := w.do(call{method: "GET", path: "/api/runs?" + query, token: w.read}); query != "cursor=MSBydW4" && got.problem() != "invalid" {
			t.Errorf("%s: got %d %s", query, got.StatusCode, got.text)
		}
	}
	if got := w.do(call{method: "GET", path: "/api/runs?a;b", token: w.read}); got.problem() != "malformed" {
		t.Errorf("got %s", got.text)
	}
}

func TestReportsAndVersions(t *testing.T) {
	w := newWorld(t, options{})
	var listed struct {
		Reports []struct{ Name, Title string }
	}
	w.wants(http.StatusOK, call{method: "GET", path: "/api/reports", token: w.read}).into(t, &listed)
	if len(listed.Reports) < 2 || listed.Reports[1].Name != financials || listed.Reports[1].Title == "" {
		t.Errorf("listed %+v", listed)
	}
	w.publish(w.claim("r1", "alpha", march), map[string]string{"report.html": "x"})
	var got struct {
		Versions []struct {
			Version int
			Current bool
		}
	}
	w.wants(http.StatusOK, call{method: "GET", path: "/api/versions/monthly-financials/alpha/2026-03", token: w.alpha}).into(t, &got)
	if len(got.Versions) != 1 || !got.Versions[0].Current || got.Versions[0].Version != 1 {
		t.Errorf("got %+v", got)
	}
	for _, path := range []string{"monthly-financials/_/2026-03", "monthly-financials/alpha/2026-02", "monthly-financials/alpha/march", "x/alpha/2026-03", "monthly-financials/%00/2026-03"} {
		w.wants(http.StatusNotFound, call{method: "GET", path: "/api/versions/" + path, token: w.admin})
	}
}
