package report_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/report"
)

// scheduled is the body that EventBridge Scheduler sends once it has filled in its two context attributes.
const scheduled = `{"v":1,"report":"monthly-financials","period":"previous-month",` +
	`"schedule":"arn:aws:scheduler:eu-central-1:123456789012:schedule/default/month-end","scheduled_at":"2026-04-01T02:00:00Z"}`

func TestDecodeJobOfScheduler(t *testing.T) {
	got, err := report.DecodeJob([]byte(scheduled))
	if err != nil {
		t.Fatal(err)
	}
	want := report.Job{
		Report: "monthly-financials", Period: "previous-month",
		Schedule:    "arn:aws:scheduler:eu-central-1:123456789012:schedule/default/month-end",
		ScheduledAt: time.Date(2026, 4, 1, 2, 0, 0, 0, time.UTC),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("job (-want +got):\n%s", diff)
	}
}

func TestDecodeJobRefuses(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"nothing", ``, "it ends too early"},
		{"not json", `report=x`, "not JSON"},
		{"cut off", `{"v":1,"report":"a"`, "it ends too early"},
		{"an array", `[1]`, "want a JSON object"},
		{"a null", `null`, "want a JSON object"},
		{"no version", `{"report":"a","period":"2026-03"}`, `field "v" is missing`},
		{"version as text", `{"v":"1"}`, `field "v" at offset 5: want a whole number`},
		{"version zero", `{"v":0}`, `field "v" at offset 5`},
		{"version with a fraction", `{"v":1.0}`, `field "v" at offset 5`},
		{"version twice", `{"v":1,"v":2}`, `field "v" at offset 7: given twice`},
		{"unknown field", `{"v":1,"report":"a","period":"2026-03","formats":["pdf"]}`, `field "formats" at offset 39: not known in version 1`},
		{"other case", `{"v":1,"Report":"a","period":"2026-03"}`, `field "Report" at offset 7: not known`},
		{"field twice", `{"v":1,"report":"a","report":"b","period":"2026-03"}`, `field "report" at offset 20: given twice`},
		{"trailing data", `{"v":1,"report":"a","period":"2026-03"} {}`, "at offset 39: data after the object"},
		{"number for text", `{"v":1,"report":7,"period":"2026-03"}`, `field "report" at offset 16: want a string`},
		{"null for text", `{"v":1,"report":"a","period":"2026-03","tenant":null}`, `field "tenant" at offset 48: want a string`},
		{"object for text", `{"v":1,"report":{"a":1},"period":"2026-03"}`, `field "report" at offset 16: want a string`},
		{"empty text", `{"v":1,"report":"a","period":"2026-03","tenant":""}`, `field "tenant" at offset 48: empty`},
		{"text for bool", `{"v":1,"report":"a","period":"2026-03","restate":"yes"}`, `field "restate" at offset 49: want true or false`},
		{"null for bool", `{"v":1,"report":"a","period":"2026-03","restate":null}`, `field "restate" at offset 49: want true or false`},
		{"no report", `{"v":1,"period":"2026-03"}`, `field "report" is missing`},
		{"bad report", `{"v":1,"report":"../etc","period":"2026-03"}`, `"../etc" is not a report name`},
		{"bad tenant", `{"v":1,"report":"a","period":"2026-03","tenant":"a/b"}`, `"a/b" is not a tenant`},
		{"no period", `{"v":1,"report":"a"}`, `field "period" is missing`},
		{"month 13", `{"v":1,"report":"a","period":"2026-13"}`, `field "period" at offset 29: "2026-13" is neither YYYY-MM nor previous-month`},
		{"previous month of nothing", `{"v":1,"report":"a","period":"previous-month"}`, `field "scheduled_at" is missing`},
		{"schedule without time", `{"v":1,"report":"a","period":"2026-03","schedule":"s"}`, `field "scheduled_at" is missing`},
		{"attribute not filled in", `{"v":1,"report":"a","period":"previous-month","scheduled_at":"<aws.scheduler.scheduled-time>"}`, "RFC 3339"},
		{"time without zone", `{"v":1,"report":"a","period":"previous-month","scheduled_at":"2026-04-01T02:00:00"}`, "RFC 3339"},
		{"restatement without reason", `{"v":1,"report":"a","period":"2026-03","restate":true}`, `field "reason" is missing`},
		{"reason without restatement", `{"v":1,"report":"a","period":"2026-03","reason":"late invoices"}`, "without restate"},
		{"line break in reason", `{"v":1,"report":"a","period":"2026-03","restate":true,"reason":"a\nb"}`, "control character U+000A"},
		{"long reason", `{"v":1,"report":"a","period":"2026-03","restate":true,"reason":"` + strings.Repeat("é", 1001) + `"}`, "1001 characters"},
		{"space in request id", `{"v":1,"report":"a","period":"2026-03","request_id":"a b"}`, `field "request_id"`},
		{"too large", `{"v":1,"reason":"` + strings.Repeat("x", report.MaxJobSize) + `"}`, "at most 65536 are allowed"},
		{"not UTF-8", "{\"v\":1,\"report\":\"\xff\"}", "not valid UTF-8 at offset 17"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := report.DecodeJob([]byte(test.body))
			if err == nil {
				t.Fatal("got no error")
			}
			if got := err.Error(); !strings.Contains(got, test.want) || strings.Contains(got, "\n") || len(got) > 400 {
				t.Errorf("got %q, want one line with %q", got, test.want)
			}
			if unknown := new(report.UnknownVersionError); errors.As(err, &unknown) {
				t.Error("got an unknown version, want a bad job")
			}
		})
	}
}

func TestDecodeJobOfNewerVersion(t *testing.T) {
	_, err := report.DecodeJob([]byte(`{"report":{"name":"a"},"urgency":9,"v":2}`))
	var unknown *report.UnknownVersionError
	if !errors.As(err, &unknown) || unknown.V != 2 {
		t.Errorf("got %v, want an unknown version 2", err)
	}
}

func TestJobRoundTrip(t *testing.T) {
	want := report.Job{
		Report: "a", Tenant: "T.1", Period: "2026-03", Restate: true, Reason: "pozdní faktury <&> 日本", Schedule: "s",
		ScheduledAt: time.Date(2026, 4, 1, 2, 0, 0, 5, time.UTC), RequestedBy: "eva@example.com", Retry: "run-1", RequestID: "req-1",
	}
	body, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := report.DecodeJob(body)
	if err != nil {
		t.Fatalf("decode %s: %v", body, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("job (-want +got):\n%s", diff)
	}
}

func TestEncodeRefusesWhatDecodeRefuses(t *testing.T) {
	_, err := report.Job{Report: "a", Period: "2026-03", Restate: true}.Encode()
	if err == nil || !strings.Contains(err.Error(), `field "reason"`) {
		t.Errorf("got %v, want an error about the reason", err)
	}
}

func TestJobID(t *testing.T) {
	due := time.Date(2026, 4, 1, 2, 0, 0, 0, time.UTC)
	byHand := report.Job{Report: "a", Period: "2026-03"}
	if got := byHand.ID("message"); got != "message" {
		t.Errorf("by hand: got %q, want the message id", got)
	}
	own := report.Job{Report: "a", Period: "2026-03", RequestID: "mine", Schedule: "s", ScheduledAt: due}
	if got := own.ID("message"); got != "mine" {
		t.Errorf("with an id: got %q, want its own", got)
	}
	first := report.Job{Report: "a", Period: "previous-month", Schedule: "s", ScheduledAt: due}
	again := first
	again.ScheduledAt = due.In(time.FixedZone("", 7200)) // the same instant, delivered again
	if first.ID("m1") != again.ID("m2") {
		t.Error("one time of one schedule gave two ids")
	}
	next := first
	next.ScheduledAt = due.AddDate(0, 1, 0)
	if first.ID("m1") == next.ID("m1") {
		t.Error("two times of one schedule gave one id")
	}
	if got := first.ID("m1"); len(got) != 64 {
		t.Errorf("got %q, want a sha256 in hex", got)
	}
}

func TestJobResolvePeriod(t *testing.T) {
	prague, err := time.LoadLocation("Europe/Prague")
	if err != nil {
		t.Fatal(err)
	}
	job := report.Job{Period: "previous-month", ScheduledAt: time.Date(2026, 3, 31, 22, 30, 0, 0, time.UTC)}
	tests := []struct {
		name string
		loc  *time.Location
		want report.Period
	}{
		{"still March in UTC", time.UTC, report.Period{Year: 2026, Month: time.February}},
		{"April already in Prague", prague, report.Period{Year: 2026, Month: time.March}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := job.ResolvePeriod(test.loc)
			if err != nil || got != test.want {
				t.Errorf("got %v, %v, want %v", got, err, test.want)
			}
		})
	}
	if _, err := (report.Job{Period: "previous-month"}).ResolvePeriod(time.UTC); err == nil {
		t.Error("previous-month of no time: got no error")
	}
}

func FuzzDecodeJob(f *testing.F) {
	f.Add([]byte(scheduled))
	f.Add([]byte(`{"v":2,"x":[{}]}`))
	f.Add([]byte(`{"v":1,"report":"a","period":"2026-03","restate":true,"reason":"r"}`))
	f.Add([]byte(`{"v":1,"report":"a","period":"2026-03","scheduled_at":"0000-12-31T23:59:60-23:59"}`))
	f.Add([]byte("{\"v\":1,\"\\ud800\":1}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		job, err := report.DecodeJob(body)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Fatalf("error of several lines: %q", err)
			}
			return
		}
		again, err := job.Encode()
		if err != nil {
			t.Fatalf("decoded, then not encoded: %v", err)
		}
		same, err := report.DecodeJob(again)
		if err != nil || !cmp.Equal(job, same) {
			t.Fatalf("%s became %s: %v", body, again, err)
		}
	})
}
