package read_test

import (
	"encoding/json"
	"fmt"

	"github.com/monthend/monthend/trace"
)

const (
	traceID  = "1-6720f1a0-5f3e2d1c4b5a69788796a5b4"
	begin    = 1795342355.0 // 2026-11-22 10:12:35 UTC
	askingID = "00000000000000a0"
	sentID   = "00000000000000a1"
	workerID = "00000000000000b0"
)

// sub is a subsegment that took from and to, seconds after begin.
func sub(id int, name string, from, to float64, children ...trace.Document) trace.Document {
	return trace.Document{ID: fmt.Sprintf("%016x", id), Name: name, StartTime: begin + from, EndTime: begin + to, Subsegments: children}
}

func query(id int, from, to float64, text string) trace.Document {
	d := sub(id, "monthend@localhost", from, to)
	d.Namespace, d.SQL = "remote", &trace.SQL{SanitizedQuery: text, DatabaseType: "PostgreSQL"}
	return d
}

func call(id int, service, operation string, from, to float64, more map[string]any) trace.Document {
	d := sub(id, service, from, to)
	d.Namespace, d.AWS = "aws", map[string]any{"operation": operation}
	for k, v := range more {
		d.AWS[k] = v
	}
	return d
}

// asking is the segment of whoever asked: `monthend trigger`.
func asking() trace.Document {
	d := sub(0xa0, "monthend-trigger", 0, 0.052, call(0xa1, "SQS", "SendMessage", 0.008, 0.049,
		map[string]any{"queue_url": "http://127.0.0.1:9324/000000000000/monthend-jobs"}))
	d.TraceID = traceID
	return d
}

// working is the worker's segment of one job, its parent the asker's SQS subsegment.
func working() trace.Document {
	extraction := sub(0xb2, "data_extraction", 0.44, 1.61,
		query(0xb3, 0.45, 1.38, "SELECT t.id, t.booked_at,\n       t.account_id FROM finance.transactions t WHERE booked_at >= $1"),
		query(0xb4, 1.39, 1.41, "SELECT id, code, name FROM finance.accounts"),
		query(0xb5, 1.42, 1.6, "-- What the source counts.\n/* one row */ SELECT count(*), sum(amount) FROM finance.transactions"))
	extraction.Metadata = map[string]map[string]json.RawMessage{"default": {"records_extracted": json.RawMessage("3812")}}
	d := sub(0xb0, "monthend", 0.4, 4.21,
		sub(0xb1, "claim", 0.401, 0.432),
		extraction,
		sub(0xb6, "data_validation", 1.61, 2.03),
		sub(0xb7, "report_generation", 2.03, 2.98, sub(0xb8, "html", 2.04, 2.41), sub(0xb9, "csv", 2.42, 2.4204), sub(0xba, "json", 2.43, 2.97)),
		sub(0xbb, "publish", 2.98, 4.2,
			call(0xbc, "S3", "PutObject", 2.99, 3.6, map[string]any{"bucket_name": "reports", "key": "monthly-financials/_/2026-03"}),
			call(0xbd, "S3", "PutObject", 3.71, 4.19, nil)))
	d.TraceID, d.ParentID = traceID, sentID
	d.Annotations = map[string]any{
		"report": "monthly-financials", "period": "2026-03", "attempt": 1.0, "queue_wait_ms": 348.0, "outcome": "published",
	}
	return d
}

// troubled is a second attempt that meets every status, long and wide names, escapes, and is not over.
func troubled() trace.Document {
	throttled := call(0xc2, "S3", "PutObject", 1.1, 1.5, nil)
	throttled.Throttle = true
	failed := query(0xc3, 1.6, 2.2, "SELECT 1")
	failed.Fault, failed.Cause = true, &trace.Cause{Exceptions: []trace.Exception{{
		ID: "00000000000000ee", Type: "pgconn.PgError", Message: "canceling statement\x1b[31m due to\nstatement timeout",
	}}}
	wide := sub(0xc4, "月次財務報告の生成と検証および公開の全工程を含む非常に長い名前の区間", 2.2, 2.9)
	wide.Error = true
	wide.Cause = &trace.Cause{Exceptions: []trace.Exception{{ID: "00000000000000ef", Message: "Čistírna Žižkov s.r.o. \u202egnp"}}}
	page := sub(0xc5, "fx-rates.example:443", 2.95, 3.3)
	page.Namespace, page.HTTP = "remote", &trace.HTTP{Request: &trace.HTTPRequest{Method: "GET", URL: "https://fx-rates.example/rates/JPY"}}
	open := sub(0xc6, "a-stage-with-a-name-that-is-longer-than-any-column-of-names-could-ever-be-wide", 3.4, 0)
	open.EndTime, open.InProgress = 0, true
	d := sub(0xc0, "monthend", 1, 0, throttled, failed, wide, page, open)
	d.EndTime, d.InProgress = 0, true
	d.TraceID, d.ParentID = traceID, "00000000000000ff"
	d.Annotations = map[string]any{"report": "monthly-financials", "period": "2026-03", "tenant": "日本商事", "attempt": 2.0, "queue_wait_ms": 800.0}
	return d
}
