package sampling_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/local/xray"
	"github.com/monthend/monthend/trace/sampling"
)

func TestAsk(t *testing.T) {
	rate := 0.25
	server, err := xray.Start(xray.Config{SampleRate: &rate, Reservoir: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	got, err := sampling.Ask(t.Context(), server.UDPAddr(), "monthend")
	want := []sampling.Rule{{Name: "Default", Priority: 10000, Reservoir: 3, Rate: 0.25, Matches: true, Known: true}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

func TestAskOrder(t *testing.T) {
	daemon := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"SamplingRuleRecords": [
			{"SamplingRule": {"RuleName": "Default", "Priority": 1, "Version": 1, "ResourceARN": "*", "FixedRate": 0.05, "ReservoirSize": 1}},
			{"SamplingRule": {"RuleName": "others", "Priority": 20, "Version": 1, "ResourceARN": "*", "ServiceName": "api-*"}},
			{},
			{"SamplingRule": {"RuleName": "odd", "Priority": 10, "Version": 1, "ResourceARN": "*", "Attributes": {"a": "b"}}}]}`))
	}))
	defer daemon.Close()
	got, err := sampling.Ask(t.Context(), strings.TrimPrefix(daemon.URL, "http://"), "monthend")
	want := []sampling.Rule{
		{Name: "odd", Priority: 10, Matches: true}, {Name: "others", Priority: 20, Known: true},
		{Name: "Default", Priority: 1, Reservoir: 1, Rate: 0.05, Matches: true, Known: true},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

func TestAskRefused(t *testing.T) {
	daemon := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer daemon.Close()
	_, err := sampling.Ask(t.Context(), strings.TrimPrefix(daemon.URL, "http://"), "monthend")
	var answer *sampling.AnswerError
	if !errors.As(err, &answer) || answer.Code != http.StatusForbidden {
		t.Errorf("got %v, want a 403", err)
	}
	for _, address := range []string{"127.0.0.1:1", "nowhere"} {
		if _, err := sampling.Ask(t.Context(), address, "monthend"); err == nil || errors.As(err, &answer) {
			t.Errorf("%s: got %v, want that nobody answers", address, err)
		}
	}
}
