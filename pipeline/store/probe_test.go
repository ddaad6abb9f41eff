package store_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/monthend/monthend/pipeline/store"
)

func TestProbeLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	for name, s := range map[string]store.Store{"directory": open(t, folder), "bucket": freshBucket(t)} {
		mustPut(t, s, "report/file.csv", "a")
		probed, err := store.Probe(t.Context(), s)
		if err != nil || probed.Left != nil || !strings.Contains(probed.Place, store.ProbeFolder) {
			t.Errorf("%s: got %+v, %v", name, probed, err)
		}
		if got := paths(t, s, ""); len(got) != 1 {
			t.Errorf("%s: got %v, want the report's file alone", name, got)
		}
	}
	if _, err := os.Stat(filepath.Join(folder, store.ProbeFolder)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder of the probe: %v, want it gone", err)
	}
}

// TestProbeBucketRefuses goes through what a bucket's policy, or a service that only looks like S3, can do to a run.
func TestProbeBucketRefuses(t *testing.T) {
	tests := []struct {
		name   string
		spoil  func(w http.ResponseWriter, r *http.Request) bool // true when it answered
		left   bool
		want   error
		saying string
	}{
		{name: "no put", spoil: refuse(http.MethodPut), saying: "put "},
		{name: "no get", spoil: func(w http.ResponseWriter, r *http.Request) bool {
			return strings.Contains(r.URL.Path, store.ProbeFolder) && refuse(http.MethodGet)(w, r)
		}, saying: "back: "},
		{name: "no list", spoil: func(w http.ResponseWriter, r *http.Request) bool {
			return r.URL.Query().Has("list-type") && refuse(http.MethodGet)(w, r)
		}, saying: "list "},
		{name: "no delete", spoil: refuse(http.MethodDelete), left: true},
		{name: "overwrites", spoil: func(_ http.ResponseWriter, r *http.Request) bool {
			r.Header.Del("If-None-Match")
			return false
		}, want: store.ErrOverwritten},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := openBucket(t, service(t, func(s3 http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if !test.spoil(w, r) {
						s3.ServeHTTP(w, r)
					}
				})
			}))
			probed, err := store.Probe(t.Context(), s)
			if test.want != nil && !errors.Is(err, test.want) || test.saying != "" && (err == nil || !strings.Contains(err.Error(), test.saying)) {
				t.Errorf("got %v, want %v %q", err, test.want, test.saying)
			}
			if test.want == nil && test.saying == "" && err != nil {
				t.Error(err)
			}
			if (probed.Left != nil) != test.left {
				t.Errorf("left behind: %v, want %v", probed.Left, test.left)
			}
		})
	}
}

// refuse answers requests of a method as a policy does.
func refuse(method string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != method {
			return false
		}
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>`))
		return true
	}
}
