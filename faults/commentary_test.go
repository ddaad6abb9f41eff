package faults_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/monthend/monthend/report"
)

// model is a language model's endpoint that says one thing.
func model(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{
			"model": "tester", "usage": map[string]any{"total_tokens": 7},
			"choices": []any{map[string]any{"message": map[string]any{"role": "assistant", "content": text}}},
		})
	}
}

// commented publishes a small month whose definition asks for a commentary, by a worker that may ask the model, or none, and answers
// what its page says.
func commented(t *testing.T, handle http.HandlerFunc) (page string, files map[string]string, took time.Duration) {
	t.Helper()
	c := StackConfig{Definitions: t.TempDir()}
	if err := os.CopyFS(c.Definitions, os.DirFS(definitions)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(c.Definitions, reportName, "report.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(text, "\ncommentary: {datasets: [summary]}\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	s := NewStack(t, c)
	w := s.NewWorker("only")
	if handle != nil {
		server := httptest.NewServer(handle)
		t.Cleanup(server.Close)
		w.Env["MONTHEND_COMMENTARY_URL"], w.Env["MONTHEND_COMMENTARY_MODEL"] = server.URL+"/v1", "tester"
		w.Env["MONTHEND_COMMENTARY_TIMEOUT"] = "1s"
	}
	w.Start()
	w.Ready()
	began := time.Now()
	sent := s.Send(job(""))
	if got := s.Await(sent); got.Outcome != report.Published {
		t.Fatalf("got %q, want published", got.Outcome)
	}
	took = time.Since(began)
	s.AwaitEmpty() // a clean run has no model: only the page differs from one, which is what is looked at here
	files = map[string]string{}
	for _, name := range s.files(s.Key(sent.Job).Path()) {
		data, err := os.ReadFile(filepath.Join(strings.TrimPrefix(s.Output, "file://"), filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = string(data)
		if strings.HasSuffix(name, ".html") {
			page = string(data)
		}
	}
	return page, files, took
}

// leftOut publishes beside a model that is no good: the report says that the commentary is left out, and the figures are those of a
// month without any.
func leftOut(handle http.HandlerFunc) func(t *testing.T) {
	return func(t *testing.T) {
		page, files, took := commented(t, handle)
		if !strings.Contains(page, "Commentary left out") || strings.Contains(page, "Draft commentary") {
			t.Errorf("got a page that does not say that its commentary is left out")
		}
		plain, without, alone := commented(t, nil)
		if took > alone+15*time.Second {
			t.Errorf("it took %s, and %s without a model, which may hold a report up for a second", took, alone)
		}
		if strings.Contains(plain, "ommentary") {
			t.Error("got a commentary, or a word about it, where nobody may be asked")
		}
		for _, name := range []string{"summary.csv", "by_account.csv"} {
			if files[name] == "" || files[name] != without[name] {
				t.Errorf("%s differs from that of a month without a model", name)
			}
		}
	}
}

var (
	modelFails = leftOut(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) })
	modelSlow  = leftOut(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // a server sees that the other side gave up once it has read what was sent
		<-r.Context().Done()
	})
)

// modelLies has one paragraph with a number that is not there, and one without any.
func modelLies(t *testing.T) {
	page, _, _ := commented(t, model("There were 987,654 entries.\n\nA quiet month."))
	for want, there := range map[string]bool{"Draft commentary, not reviewed": true, "A quiet month.": true, "987,654": false, "left out": false} {
		if strings.Contains(page, want) != there {
			t.Errorf("%q in the page: got %t, want %t", want, !there, there)
		}
	}
}
