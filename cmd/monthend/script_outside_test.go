package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptRates is an HTTP source that wants a token and answers with a file, as it is at the time; {RATES} in another file becomes its
// URL, and {WORK} the script's folder: rates TOKEN ANSWER FILE….
func scriptRates(ts *testscript.TestScript, _ bool, args []string) {
	token, file := args[0], ts.MkAbs(args[1])
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != token {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		http.ServeFile(w, r, file)
	}))
	ts.Defer(server.Close)
	ts.Setenv("RATES", server.URL)
	for _, name := range args[2:] {
		text := strings.NewReplacer("{RATES}", server.URL, "{WORK}", ts.Getenv("WORK")).Replace(ts.ReadFile(name))
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o644))
	}
}
