package xray

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/monthend/monthend/trace"
)

// maxTraceIDs is how many traces one call may ask for, in AWS too.
const maxTraceIDs = 5

type putTraceSegmentsInput struct {
	TraceSegmentDocuments []string
}

type putTraceSegmentsOutput struct {
	UnprocessedTraceSegments []unprocessedSegment
}

type unprocessedSegment struct {
	ID        string `json:"Id,omitempty"`
	ErrorCode string
	Message   string
}

// putTraceSegments takes the documents that a daemon forwards. Each is kept or listed as unprocessed; none fails the call.
func (s *Server) putTraceSegments(in *putTraceSegmentsInput) (any, error) {
	if len(in.TraceSegmentDocuments) == 0 {
		return nil, errors.New("TraceSegmentDocuments: missing")
	}
	out := putTraceSegmentsOutput{UnprocessedTraceSegments: []unprocessedSegment{}}
	for _, text := range in.TraceSegmentDocuments {
		d, err := trace.ParseDocument([]byte(text))
		code := "ParseError"
		switch {
		case errors.Is(err, trace.ErrTraceID):
			code = "InvalidTraceId"
			fallthrough
		case err != nil:
			s.store.malformed(err)
		default:
			code = "InvalidSegment"
			err = s.store.put(d)
		}
		if err != nil {
			out.UnprocessedTraceSegments = append(out.UnprocessedTraceSegments, unprocessedSegment{d.ID, code, err.Error()})
		}
	}
	return out, nil
}

type batchGetTracesInput struct {
	TraceIDs []string `json:"TraceIds"`
}

type batchGetTracesOutput struct {
	Traces              []traceOutput
	UnprocessedTraceIDs []string `json:"UnprocessedTraceIds"`
}

type traceOutput struct {
	ID            string  `json:"Id"`
	Duration      float64 // seconds
	LimitExceeded bool
	Segments      []segmentOutput
}

type segmentOutput struct {
	ID       string `json:"Id"`
	Document string // JSON
}

// batchGetTraces hands traces back in the order asked; one that is not kept is listed as unprocessed.
func (s *Server) batchGetTraces(in *batchGetTracesInput) (any, error) {
	if n := len(in.TraceIDs); n == 0 || n > maxTraceIDs {
		return nil, fmt.Errorf("TraceIds: %d, want 1 to %d", n, maxTraceIDs)
	}
	out := batchGetTracesOutput{Traces: []traceOutput{}, UnprocessedTraceIDs: []string{}}
	for _, id := range in.TraceIDs {
		t, ok := s.store.trace(id)
		if !ok {
			out.UnprocessedTraceIDs = append(out.UnprocessedTraceIDs, id)
			continue
		}
		answer := traceOutput{ID: id, Duration: t.duration, LimitExceeded: t.exceeded, Segments: []segmentOutput{}}
		for _, d := range t.segments {
			text, err := json.Marshal(d)
			if err != nil {
				return nil, fmt.Errorf("trace %s: segment %s: %w", id, d.ID, err)
			}
			answer.Segments = append(answer.Segments, segmentOutput{d.ID, string(text)})
		}
		out.Traces = append(out.Traces, answer)
	}
	return out, nil
}
