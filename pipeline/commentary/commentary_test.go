package commentary_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/monthend/monthend/pipeline/commentary"
	"github.com/monthend/monthend/report"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func request() commentary.Request {
	return commentary.Request{
		Title: "Sales", Currency: "EUR", Period: report.Period{Year: 2026, Month: time.March},
		Commentary: report.Commentary{Datasets: []string{"summary"}, Instructions: "Look at the fees."},
		Datasets:   []report.Dataset{{Name: "summary", Columns: []report.Column{{Name: "fees", Kind: report.Integer}}, Rows: [][]any{{int64(45)}}}},
	}
}

// endpoint speaks chat completions, and says one thing.
func endpoint(t *testing.T, handle http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	return s.URL + "/v1"
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{
			"id": "1", "object": "chat.completion", "model": "small-1", "usage": map[string]any{"total_tokens": 123},
			"choices": []any{map[string]any{"index": 0, "finish_reason": "stop", "message": map[string]any{"role": "assistant", "content": text}}},
		})
	}
}

// gone waits until the other side gives up, which a server sees once it has read what was sent.
func gone(r *http.Request) {
	io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func drafter(t *testing.T, url string, timeout time.Duration) *commentary.Drafter {
	t.Helper()
	d, err := commentary.New(commentary.Config{URL: url, Model: "small", Key: "k3y", Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDraft(t *testing.T) {
	var body map[string]any
	url := endpoint(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/chat/completions" || r.Header.Get("Authorization") != "Bearer k3y" || json.NewDecoder(r.Body).Decode(&body) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		says("Fees were 45.\n\nThey will be 50.")(w, r)
	})
	got, err := drafter(t, url, time.Minute).Draft(t.Context(), request())
	if err != nil || len(got.Paragraphs) != 1 || got.Paragraphs[0] != "Fees were 45." || got.Discarded != 1 || got.Model != "small-1" || got.Tokens != 123 {
		t.Errorf("got %+v, %v", got, err)
	}
	sent, _ := json.Marshal(body)
	for _, want := range []string{`"small"`, "March 2026", "Look at the fees.", "max_completion_tokens", `45`} {
		if !strings.Contains(string(sent), want) {
			t.Errorf("%s is not in what is sent: %s", want, sent)
		}
	}
}

func TestNoDraft(t *testing.T) {
	for _, c := range []struct {
		name, words, class string
		handle             http.HandlerFunc
	}{
		{"Refused", "answered 401", "error", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "k3y is wrong", http.StatusUnauthorized) }},
		{"Throttled", "answered 429", "throttle", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) }},
		{"Broken", "answered 500", "fault", func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"error":{"message":"Fees were 45"}}`, 500)
		}},
		{"Slow", "within 300ms", "fault", func(_ http.ResponseWriter, r *http.Request) { gone(r) }},
		{"SlowBody", "within 300ms", "fault", func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			fmt.Fprint(w, "{")
			w.(http.Flusher).Flush()
			gone(r)
		}},
		{"Endless", "", "fault", func(w http.ResponseWriter, r *http.Request) { says(strings.Repeat("Well. ", 100_000))(w, r) }},
		{"Long", "said too much", "fault", says(strings.Repeat("Well. ", 2000))},
		{"Nothing", "said nothing", "fault", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"choices":[]}`)
		}},
		{"HTML", "", "fault", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }},
		{"Elsewhere", "", "error", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
		}},
		{"Hangup", "cannot be reached", "fault", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		{"Lies", "borne out", "fault", says("Fees were 46.")},
	} {
		t.Run(c.name, func(t *testing.T) {
			timeout := time.Minute
			if strings.HasPrefix(c.words, "within") {
				timeout = 300 * time.Millisecond
			}
			began := time.Now()
			got, err := drafter(t, endpoint(t, c.handle), timeout).Draft(t.Context(), request())
			if err == nil || len(got.Paragraphs) > 0 || !strings.Contains(err.Error(), c.words) || strings.Contains(err.Error(), "45") || strings.Contains(err.Error(), "k3y") {
				t.Errorf("got %+v, %v, want an error with %q and nothing of what was sent or said", got, err, c.words)
			}
			if spent := time.Since(began); spent > 50*time.Second { // nobody waits for what was said to be over
				t.Errorf("it took %s", spent)
			}
		})
	}
}

func TestConfig(t *testing.T) {
	for _, c := range []commentary.Config{{Model: "m"}, {URL: "ftp://x", Model: "m"}, {URL: "https://x"}, {URL: "https://x", Model: "m", Timeout: time.Hour}} {
		if _, err := commentary.New(c); err == nil {
			t.Errorf("%+v: got no error", c)
		}
	}
}
