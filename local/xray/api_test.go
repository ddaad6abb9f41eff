package xray_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	client "github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/local/xray"
	"github.com/monthend/monthend/trace"
)

// dial makes the SDK's own client, whose idle connections end with the test.
func dial(t *testing.T, s *xray.Server) *client.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return client.New(client.Options{
		BaseEndpoint: aws.String(s.URL()), Region: "eu-west-1", HTTPClient: &http.Client{Transport: transport},
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
}

func TestSegmentsThroughTheSDK(t *testing.T) {
	s := start(t, xray.Config{})
	c := dial(t, s)
	put, err := c.PutTraceSegments(t.Context(), &client.PutTraceSegmentsInput{TraceSegmentDocuments: []string{
		segment(rootID, "worker", 1.25, 2.5, ""), part("000000000000000a", rootID, "extract", 1.5, 2), "not json", `{"trace_id":"x"}`,
	}})
	if err != nil {
		t.Fatal(err)
	}
	var refused []string
	for _, u := range put.UnprocessedTraceSegments {
		refused = append(refused, aws.ToString(u.ErrorCode)+": "+aws.ToString(u.Message))
	}
	want := []string{"ParseError: segment document: not a JSON object", `InvalidTraceId: segment document: trace_id "x": not a trace id`}
	if diff := cmp.Diff(want, refused); diff != "" {
		t.Errorf("unprocessed (-want +got):\n%s", diff)
	}

	const unknown = "1-6b02c013-000000000000000000000000"
	got, err := c.BatchGetTraces(t.Context(), &client.BatchGetTracesInput{TraceIds: []string{unknown, traceID}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{unknown}, got.UnprocessedTraceIds); diff != "" {
		t.Errorf("unprocessed ids (-want +got):\n%s", diff)
	}
	if len(got.Traces) != 1 || len(got.Traces[0].Segments) != 1 {
		t.Fatalf("traces: got %+v", got.Traces)
	}
	one := got.Traces[0]
	if aws.ToString(one.Id) != traceID || aws.ToFloat64(one.Duration) != 1.25 || aws.ToBool(one.LimitExceeded) || aws.ToString(one.Segments[0].Id) != rootID {
		t.Errorf("trace: got %+v", one)
	}
	d, err := trace.ParseMerged([]byte(aws.ToString(one.Segments[0].Document)))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := outline([]trace.Document{d}), "worker\n  extract\n"; got != want {
		t.Errorf("document: got\n%swant\n%s", got, want)
	}
}

func TestLimitExceeded(t *testing.T) {
	s := start(t, xray.Config{MaxTraceBytes: 100})
	c := dial(t, s)
	put, err := c.PutTraceSegments(t.Context(), &client.PutTraceSegmentsInput{TraceSegmentDocuments: []string{
		segment(rootID, "worker", 1, 2, ""), segment("000000000000000a", "second", 1, 2, ""),
	}})
	if err != nil {
		t.Fatal(err)
	}
	if u := put.UnprocessedTraceSegments; len(u) != 1 || aws.ToString(u[0].ErrorCode) != "InvalidSegment" || aws.ToString(u[0].Id) != "000000000000000a" {
		t.Errorf("unprocessed: got %+v", u)
	}
	got, err := c.BatchGetTraces(t.Context(), &client.BatchGetTracesInput{TraceIds: []string{traceID}})
	if err != nil {
		t.Fatal(err)
	}
	if !aws.ToBool(got.Traces[0].LimitExceeded) {
		t.Error("the trace does not say that its limit was exceeded")
	}
}

func TestSamplingThroughTheSDK(t *testing.T) {
	rate, now := 0.25, time.Unix(1_800_000_000, 0)
	s := start(t, xray.Config{SampleRate: &rate, Reservoir: 3, Now: func() time.Time { return now }})
	c := dial(t, s)
	rules, err := c.GetSamplingRules(t.Context(), &client.GetSamplingRulesInput{})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(rules.SamplingRuleRecords); n != 1 {
		t.Fatalf("rules: got %d, want 1", n)
	}
	r := rules.SamplingRuleRecords[0].SamplingRule
	if aws.ToString(r.RuleName) != "Default" || r.FixedRate != 0.25 || r.ReservoirSize != 3 || aws.ToInt32(r.Version) != 1 || aws.ToString(r.ResourceARN) != "*" {
		t.Errorf("rule: got %+v", r)
	}

	statistics := func(rule string) types.SamplingStatisticsDocument {
		return types.SamplingStatisticsDocument{ClientID: aws.String("7670564af03a9dab701d7071"), RuleName: aws.String(rule), RequestCount: 2, Timestamp: aws.Time(now)}
	}
	targets, err := c.GetSamplingTargets(t.Context(), &client.GetSamplingTargetsInput{
		SamplingStatisticsDocuments: []types.SamplingStatisticsDocument{statistics("Default"), statistics("other")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(targets.SamplingTargetDocuments) != 1 || len(targets.UnprocessedStatistics) != 1 {
		t.Fatalf("targets: got %+v", targets)
	}
	target := targets.SamplingTargetDocuments[0]
	if target.FixedRate != 0.25 || aws.ToInt32(target.ReservoirQuota) != 3 || !target.ReservoirQuotaTTL.Equal(now.Add(30*time.Second)) {
		t.Errorf("target: got %+v", target)
	}
	if !targets.LastRuleModification.Equal(now) {
		t.Errorf("last modification: got %v, want %v", targets.LastRuleModification, now)
	}
}

func TestTelemetryThroughTheSDK(t *testing.T) {
	s := start(t, xray.Config{})
	if _, err := dial(t, s).PutTelemetryRecords(t.Context(), &client.PutTelemetryRecordsInput{TelemetryRecords: []types.TelemetryRecord{{Timestamp: aws.Time(time.Unix(1, 0))}}}); err != nil {
		t.Error(err)
	}
}

func TestRefusals(t *testing.T) {
	s := start(t, xray.Config{})
	c := dial(t, s)
	_, later := c.GetGroups(t.Context(), &client.GetGroupsInput{})
	_, backwards := c.GetServiceGraph(t.Context(), &client.GetServiceGraphInput{StartTime: aws.Time(time.Unix(2, 0)), EndTime: aws.Time(time.Unix(1, 0))})
	_, long := c.GetServiceGraph(t.Context(), &client.GetServiceGraphInput{StartTime: aws.Time(time.Unix(1, 0)), EndTime: aws.Time(time.Unix(30_000, 0))})
	_, group := c.GetServiceGraph(t.Context(), &client.GetServiceGraphInput{
		StartTime: aws.Time(time.Unix(1, 0)), EndTime: aws.Time(time.Unix(2, 0)), GroupName: aws.String("slow"),
	})
	_, graph := c.GetTraceGraph(t.Context(), &client.GetTraceGraphInput{TraceIds: []string{}})
	_, days := c.GetTraceSummaries(t.Context(), &client.GetTraceSummariesInput{StartTime: aws.Time(time.Unix(1, 0)), EndTime: aws.Time(time.Unix(200_000, 0))})
	_, never := c.GetTraceSummaries(t.Context(), &client.GetTraceSummariesInput{StartTime: aws.Time(time.Unix(0, 0)), EndTime: aws.Time(time.Unix(2, 0))})
	_, six := c.BatchGetTraces(t.Context(), &client.BatchGetTracesInput{TraceIds: make([]string, 6)})
	_, none := c.PutTraceSegments(t.Context(), &client.PutTraceSegmentsInput{TraceSegmentDocuments: []string{}})
	for want, err := range map[string]error{
		"POST /Groups: the local X-Ray does not answer this operation": later,
		"EndTime: not after StartTime":                                 backwards,
		"EndTime: time range cannot be longer than 6 hours":            long,
		"GroupName: the local X-Ray has no groups but Default":         group,
		"TraceIds: missing": graph,
		"EndTime: time range cannot be longer than 24 hours":            days,
		"StartTime and EndTime: both are needed, in seconds since 1970": never,
		"TraceIds: 6, want 1 to 5":                                      six,
		"TraceSegmentDocuments: missing":                                none,
	} {
		var refused *types.InvalidRequestException
		var api smithy.APIError
		if !errors.As(err, &refused) || !errors.As(err, &api) || api.ErrorMessage() != want {
			t.Errorf("got %v, want InvalidRequestException: %s", err, want)
		}
	}

	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	raw := &http.Client{Transport: transport}
	for _, row := range []struct {
		body   string
		status int
		want   string
	}{
		{"{", 400, `{"Message":"request body: unexpected EOF"}`},
		{`{"TraceIds":"` + strings.Repeat("x", 9<<20) + `"}`, 413, fmt.Sprintf(`{"Message":"request body: more than %d bytes"}`, 8<<20)},
	} {
		answer, err := raw.Post(s.URL()+"/Traces", "application/json", strings.NewReader(row.body))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != row.status || strings.TrimSpace(string(got)) != row.want {
			t.Errorf("got %d %s (%v), want %d %s", answer.StatusCode, got, err, row.status, row.want)
		}
	}
}
