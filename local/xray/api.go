package xray

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// maxBody bounds a request in bytes: a daemon's batch of 50 documents, each escaped into a JSON string.
const maxBody = 8 << 20

// handler answers the operations of X-Ray's REST-JSON API, each a POST to a path of its own.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /TraceSegments", operation(s.putTraceSegments))
	mux.HandleFunc("POST /TelemetryRecords", operation(func(*struct{}) (any, error) { return struct{}{}, nil }))
	mux.HandleFunc("POST /Traces", operation(s.batchGetTraces))
	mux.HandleFunc("POST /TraceSummaries", operation(s.traceSummaries))
	mux.HandleFunc("POST /ServiceGraph", operation(s.serviceGraph))
	mux.HandleFunc("POST /TraceGraph", operation(s.traceGraph))
	mux.HandleFunc("POST /GetSamplingRules", operation(s.samplingRules))
	mux.HandleFunc("POST /SamplingTargets", operation(s.samplingTargets))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusBadRequest, fmt.Errorf("%.20s %.100s: the local X-Ray does not answer this operation", r.Method, r.URL.Path))
	})
	return mux
}

// operation decodes one request and encodes its answer. Unknown fields are let be, as in AWS.
func operation[In any](answer func(*In) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in In
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&in)
		var large *http.MaxBytesError
		switch {
		case errors.As(err, &large):
			refuse(w, http.StatusRequestEntityTooLarge, fmt.Errorf("request body: more than %d bytes", large.Limit))
			return
		case err != nil && !errors.Is(err, io.EOF): // nothing at all is an input without fields
			refuse(w, http.StatusBadRequest, fmt.Errorf("request body: %w", err))
			return
		}
		out, err := answer(&in)
		if err != nil {
			refuse(w, http.StatusBadRequest, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(out) // fails only when the client has gone
	}
}

// refuse answers as X-Ray does: the type in a header, the message in the body.
func refuse(w http.ResponseWriter, status int, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-ErrorType", "InvalidRequestException")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"Message": err.Error()})
}
