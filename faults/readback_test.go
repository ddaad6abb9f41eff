package faults_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
)

// TestReadBack asks for a report as a person does and reads what real processes told of it with the AWS SDK: the trace by its
// annotations, its documents, and the map from whoever asked to the database and the object store.
func TestReadBack(t *testing.T) {
	t.Parallel()
	s := NewStack(t, StackConfig{S3: true})
	worker := s.StartWorker("only").Ready()
	if code, out := s.Command("trigger", reportName, "--month", "1", "--year", "2024", "--wait"); code != 0 {
		t.Fatalf("trigger: exit code %d:\n%s", code, out)
	}
	if code := worker.Stop(); code != 0 {
		t.Fatalf("the worker's exit code is %d", code)
	}
	client := xray.New(xray.Options{
		Region: region, BaseEndpoint: aws.String(s.XRay.URL()), Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
	to := time.Now().Add(time.Minute)
	from := to.Add(-time.Hour)

	var found []types.TraceSummary
	s.Until("the worker's segment", func(ctx context.Context) bool {
		out, err := client.GetTraceSummaries(ctx, &xray.GetTraceSummariesInput{StartTime: &from, EndTime: &to,
			FilterExpression: aws.String(`annotation.report = "` + reportName + `" AND annotation.outcome = "published" AND !partial`)})
		if err != nil {
			t.Fatal(err)
		}
		found = out.TraceSummaries
		return len(found) > 0
	})
	if len(found) != 1 || len(found[0].Annotations["run_id"]) != 1 || aws.ToBool(found[0].HasFault) {
		t.Fatalf("summaries: %+v", found)
	}
	none, err := client.GetTraceSummaries(t.Context(), &xray.GetTraceSummariesInput{StartTime: &from, EndTime: &to,
		FilterExpression: aws.String(`annotation.report = "` + reportName + `" AND fault`)})
	if err != nil || len(none.TraceSummaries) != 0 {
		t.Errorf("faults: got %+v, %v", none, err)
	}

	traces, err := client.BatchGetTraces(t.Context(), &xray.BatchGetTracesInput{TraceIds: []string{*found[0].Id}})
	if err != nil || len(traces.Traces) != 1 {
		t.Fatalf("traces: got %+v, %v", traces, err)
	}
	var documents strings.Builder
	for _, segment := range traces.Traces[0].Segments {
		documents.WriteString(*segment.Document)
	}
	for _, name := range []string{"monthend-trigger", "SQS", "claim", "data_extraction", "data_validation", "report_generation", "publish", "S3"} {
		if !strings.Contains(documents.String(), `"name":"`+name+`"`) {
			t.Errorf("the trace does not tell of %s:\n%s", name, documents.String())
		}
	}

	graph, err := client.GetServiceGraph(t.Context(), &xray.GetServiceGraphInput{StartTime: &from, EndTime: &to})
	if err != nil {
		t.Fatal(err)
	}
	calls := edges(graph.Services)
	for _, want := range []string{
		"client → monthend-trigger", "monthend-trigger → AWS::SQS::Queue", "AWS::SQS::Queue → monthend",
		"monthend → Database::SQL", "monthend → AWS::S3::Bucket",
	} {
		if !calls[want] {
			t.Errorf("the map has no %s: %v", want, calls)
		}
	}
	if len(calls) != 5 {
		t.Errorf("the map has other edges, too: %v", calls)
	}
}

// edges are who calls whom: services by their names, others by their types.
func edges(services []types.Service) map[string]bool {
	names := map[int32]string{}
	for _, s := range services {
		names[aws.ToInt32(s.ReferenceId)] = aws.ToString(s.Name)
		if s.Type != nil {
			names[aws.ToInt32(s.ReferenceId)] = *s.Type
		}
	}
	calls := map[string]bool{}
	for _, s := range services {
		for _, e := range s.Edges {
			calls[names[aws.ToInt32(s.ReferenceId)]+" → "+names[aws.ToInt32(e.ReferenceId)]] = true
		}
	}
	return calls
}
