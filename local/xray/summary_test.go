package xray_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	client "github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/local/xray"
)

// names the traces of summaries by the month and the outcome of their last attempt.
func names(summaries []types.TraceSummary) string {
	var all []string
	for _, s := range summaries {
		text := func(key string) string {
			values := s.Annotations[key]
			if len(values) == 0 {
				return "-"
			}
			v, _ := values[len(values)-1].AnnotationValue.(*types.AnnotationValueMemberStringValue)
			return v.Value
		}
		all = append(all, text("report")+" "+text("period")+" "+text("outcome"))
	}
	return strings.Join(all, ", ")
}

func TestSummariesByFilter(t *testing.T) {
	_, c, from, to := replay(t, xray.Config{})
	const (
		june, july     = "monthly-financials 2025-06 published", "monthly-financials 2025-07 published"
		strict, broken = "strict 2025-06 data_failed", "broken 2025-06 failed"
		every          = june + ", " + strict + ", " + broken + ", " + july
	)
	for expression, want := range map[string]string{
		"": every,
		`annotation.report = "monthly-financials" AND fault`:  july,
		`annotation.report = "monthly-financials" AND !fault`: june,
		"annotation.attempt > 1":                              july,
		"error":                                               strict + ", " + broken,
		"ok":                                                  june,
		"throttle OR partial":                                 "",
		`service("monthend-trigger")`:                         june + ", " + july,
		`!service("monthend-trigger")`:                        strict + ", " + broken,
		`service("reports") { fault }`:                        july,
		`service(id(type: "Database::SQL")) { error AND inferred }`:     broken,
		`edge("monthend", "reports") { ok }`:                            june + ", " + strict + ", " + july,
		`service("monthend") { root AND first }`:                        strict + ", " + broken,
		"duration > 600":                                                "",
		`annotation.outcome BEGINSWITH "publ" AND annotation.month = 6`: june,
	} {
		in := client.GetTraceSummariesInput{StartTime: &from, EndTime: &to}
		if expression != "" {
			in.FilterExpression = &expression
		}
		out, err := c.GetTraceSummaries(t.Context(), &in)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		if diff := cmp.Diff(want, names(out.TraceSummaries)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", expression, diff)
		}
		if aws.ToInt64(out.TracesProcessedCount) != 4 {
			t.Errorf("%s: %d traces processed, want 4", expression, aws.ToInt64(out.TracesProcessedCount))
		}
	}
}

func TestSummary(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	s := start(t, xray.Config{Now: func() time.Time { return now }})
	c := dial(t, s)
	send(t, s,
		segment(rootID, "web", 1000, 1000.25, `,"user":"anna","annotations":{"report":"m","attempt":1},`+
			`"http":{"request":{"method":"POST","url":"https://web.example/ask","user_agent":"curl","client_ip":"10.0.0.7"},"response":{"status":202}},`+
			`"subsegments":[{"id":"00000000000000a1","name":"SQS","namespace":"aws","start_time":1000,"end_time":1000.2,"aws":{"queue_url":"http://q/jobs"}}]`),
		segment("00000000000000b1", "worker", 1001, 1004, `,"origin":"AWS::ECS::Container","parent_id":"00000000000000a1","throttle":true,"error":true,`+
			`"annotations":{"report":"m","attempt":2,"slow":true}`),
	)
	arrive(t, s, 2)
	from, to := time.Unix(1000, 0), time.Unix(1001, 0)
	out, err := c.GetTraceSummaries(t.Context(), &client.GetTraceSummariesInput{StartTime: &from, EndTime: &to})
	if err != nil || len(out.TraceSummaries) != 1 {
		t.Fatalf("got %+v, %v", out, err)
	}
	got := out.TraceSummaries[0]
	flat := strings.TrimSpace(fmt.Sprintln(*got.Id, *got.Duration, *got.ResponseTime, *got.HasError, *got.HasFault, *got.HasThrottle, *got.IsPartial, got.Revision,
		*got.Http.HttpMethod, *got.Http.HttpURL, *got.Http.HttpStatus, *got.Http.UserAgent, *got.Http.ClientIp,
		*got.EntryPoint.Name, *got.Users[0].UserName, len(got.ServiceIds), *got.ServiceIds[1].Type))
	if want := traceID + " 4 0.25 true false true false 2 POST https://web.example/ask 202 curl 10.0.0.7 web anna 3 AWS::ECS::Container"; flat != want {
		t.Errorf("got\n%s, want\n%s", flat, want)
	}
	if !got.StartTime.Equal(from) || !got.MatchedEventTime.Equal(from) || !out.ApproximateTime.Equal(now) {
		t.Errorf("times: %v, %v, %v", got.StartTime, got.MatchedEventTime, out.ApproximateTime)
	}
	values := got.Annotations["attempt"]
	if len(values) != 2 || *values[1].ServiceIds[0].Name != "worker" || len(got.Annotations["report"]) != 1 || len(got.Annotations["report"][0].ServiceIds) != 2 {
		t.Errorf("annotations: got %+v", got.Annotations)
	}

	for _, row := range []struct {
		kind     types.TimeRangeType
		from, to int64
		want     int
	}{
		{types.TimeRangeTypeTraceId, 999, 1000, 0}, // half open
		{types.TimeRangeTypeTraceId, 1001, 1005, 0},
		{types.TimeRangeTypeService, 1004, 1005, 1}, // the worker's end
		{types.TimeRangeTypeService, 1001, 1004, 0},
		{types.TimeRangeTypeEvent, 1_800_000_000, 1_800_000_001, 1},
		{types.TimeRangeTypeEvent, 1000, 1005, 0},
	} {
		from, to := time.Unix(row.from, 0), time.Unix(row.to, 0)
		out, err := c.GetTraceSummaries(t.Context(), &client.GetTraceSummariesInput{StartTime: &from, EndTime: &to, TimeRangeType: row.kind})
		if err != nil || len(out.TraceSummaries) != row.want {
			t.Errorf("%+v: got %d, %v", row, len(out.TraceSummaries), err)
		}
	}
}

// TestSummaryPages: pages hold every trace once, also when more traces begin between two pages.
func TestSummaryPages(t *testing.T) {
	s := start(t, xray.Config{PageSize: 3})
	c := dial(t, s)
	begin := func(n int) {
		send(t, s, fmt.Sprintf(`{"trace_id":"1-6b02c013-%024x","id":%q,"name":"w","start_time":%d,"end_time":%d}`, n, rootID, 1000+n/2, 1001+n))
	}
	for n := range 8 {
		begin(n)
	}
	arrive(t, s, 8)
	from, to := time.Unix(1000, 0), time.Unix(2000, 0)
	pages := client.NewGetTraceSummariesPaginator(c, &client.GetTraceSummariesInput{StartTime: &from, EndTime: &to})
	var ids []string
	for page := 0; pages.HasMorePages(); page++ {
		out, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, sum := range out.TraceSummaries {
			ids = append(ids, (*sum.Id)[len(*sum.Id)-2:])
		}
		begin(8 + page)
		arrive(t, s, int64(9+page))
	}
	if diff := cmp.Diff("00 01 02 03 04 05 06 07 08 09 0a", strings.Join(ids, " ")); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
}

func TestSummaryMistakes(t *testing.T) {
	s := start(t, xray.Config{})
	c := dial(t, s)
	from, to := time.Unix(1, 0), time.Unix(2, 0)
	for want, in := range map[string]client.GetTraceSummariesInput{
		`filter expression: character 11: there is no keyword "faullt"; there is "fault"`:                               {FilterExpression: aws.String("error AND faullt")},
		`filter expression: character 1: "coverage" is not in the subset of X-Ray's filter language that is known here`: {FilterExpression: aws.String("coverage > 0.5")},
		`TimeRangeType "Never": not TraceId, Event or Service`:                                                          {TimeRangeType: "Never"},
		"NextToken: not one that was given out":                                                                         {NextToken: aws.String("?")},
	} {
		in.StartTime, in.EndTime = &from, &to
		_, err := c.GetTraceSummaries(t.Context(), &in)
		var refused *types.InvalidRequestException
		var api smithy.APIError
		if !errors.As(err, &refused) || !errors.As(err, &api) || api.ErrorMessage() != want {
			t.Errorf("got %v, want InvalidRequestException: %s", err, want)
		}
	}
}
