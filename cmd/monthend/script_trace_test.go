package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/rogpeppe/go-internal/testscript"
)

// scriptReplayTraces sends the documents that real runs emitted to the script's X-Ray, as if they had just ended:
// replay sets JULY, STRICT and BROKEN to the traces of the run in its third attempt, of the one that the gate stopped,
// and of the one whose query failed, and JUNE to that of the month that was published at once.
func scriptReplayTraces(ts *testscript.TestScript, _ bool, _ []string) {
	data, err := os.ReadFile(filepath.Join("..", "..", "trace", "read", "testdata", "recorded.jsonl"))
	ts.Check(err)
	var documents []map[string]any
	last := 0.0
	for line := range strings.Lines(string(data)) {
		var d map[string]any
		ts.Check(json.Unmarshal([]byte(line), &d))
		documents = append(documents, d)
		last = max(last, d["end_time"].(float64))
	}
	by := float64(time.Now().UnixMilli())/1000 - last - 1
	client := xray.New(xray.Options{
		Region: ts.Getenv("AWS_REGION"), BaseEndpoint: aws.String(ts.Getenv("AWS_ENDPOINT_URL_XRAY")),
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
	for _, d := range documents {
		later(d, by)
		if a, ok := d["annotations"].(map[string]any); ok {
			for name, report := range map[string]string{"JUNE": "monthly-financials 2025-06", "JULY": "monthly-financials 2025-07", "STRICT": "strict 2025-06", "BROKEN": "broken 2025-06"} {
				if want, period, _ := strings.Cut(report, " "); a["report"] == want && a["period"] == period {
					ts.Setenv(name, d["trace_id"].(string))
				}
			}
		}
		text, err := json.Marshal(d)
		ts.Check(err)
		out, err := client.PutTraceSegments(context.Background(), &xray.PutTraceSegmentsInput{TraceSegmentDocuments: []string{string(text)}})
		ts.Check(err)
		if len(out.UnprocessedTraceSegments) > 0 {
			ts.Fatalf("not taken: %v", out.UnprocessedTraceSegments)
		}
	}
}

// later moves a document and its subsegments by seconds.
func later(d map[string]any, by float64) {
	for _, key := range []string{"start_time", "end_time"} {
		if at, ok := d[key].(float64); ok {
			d[key] = at + by
		}
	}
	below, _ := d["subsegments"].([]any)
	for _, sub := range below {
		later(sub.(map[string]any), by)
	}
}
