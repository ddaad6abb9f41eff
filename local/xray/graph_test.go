package xray_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	client "github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/local/xray"
)

// recorded are the documents that real runs sent: a month that was published into S3 through the queue, one that was in its
// third attempt, a verdict of the gate, and a query that failed.
func recorded(t *testing.T) (documents []string, from, to time.Time) {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "trace", "read", "testdata", "recorded.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		documents = append(documents, lines.Text())
	}
	if lines.Err() != nil || len(documents) == 0 {
		t.Fatalf("recorded documents: %d, %v", len(documents), lines.Err())
	}
	at := time.Date(2026, 11, 22, 16, 0, 0, 0, time.UTC)
	return documents, at, at.Add(2 * time.Hour)
}

// replay starts a local X-Ray that has received the recorded documents over UDP.
func replay(t *testing.T, c xray.Config) (*xray.Server, *client.Client, time.Time, time.Time) {
	t.Helper()
	documents, from, to := recorded(t)
	s := start(t, c)
	for i, d := range documents {
		send(t, s, d)
		arrive(t, s, int64(i+1)) // one by one: the kernel's buffer is small
	}
	return s, dial(t, s), from, to
}

// sketch writes a graph as one line a node and one an edge.
func sketch(services []types.Service) string {
	name := func(s types.Service) string {
		n := aws.ToString(s.Name)
		if s.Type != nil {
			n += " (" + *s.Type + ")"
		}
		return n
	}
	counts := func(ok, errors, throttles, faults, total int64) string {
		return fmt.Sprintf("%d = %d ok %d error %d throttle %d fault", total, ok, errors, throttles, faults)
	}
	byID := map[int32]types.Service{}
	for _, s := range services {
		byID[aws.ToInt32(s.ReferenceId)] = s
	}
	var b strings.Builder
	for _, s := range services {
		b.WriteString(name(s))
		if aws.ToBool(s.Root) {
			b.WriteString(" root")
		}
		if u := s.SummaryStatistics; u != nil {
			b.WriteString(": " + counts(*u.OkCount, *u.ErrorStatistics.OtherCount, *u.ErrorStatistics.ThrottleCount, *u.FaultStatistics.TotalCount, *u.TotalCount))
		}
		b.WriteByte('\n')
		for _, e := range s.Edges {
			u := e.SummaryStatistics
			fmt.Fprintf(&b, "  → %s: %s", name(byID[aws.ToInt32(e.ReferenceId)]),
				counts(*u.OkCount, *u.ErrorStatistics.OtherCount, *u.ErrorStatistics.ThrottleCount, *u.FaultStatistics.TotalCount, *u.TotalCount))
			if e.EdgeType != nil {
				fmt.Fprintf(&b, ", %s, ages %d", *e.EdgeType, len(e.ReceivedEventAgeHistogram))
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// TestServiceGraphOfRealRuns: client → producer → queue → worker → database and object store.
func TestServiceGraphOfRealRuns(t *testing.T) {
	s, c, from, to := replay(t, xray.Config{})
	out, err := c.GetServiceGraph(t.Context(), &client.GetServiceGraphInput{StartTime: &from, EndTime: &to})
	if err != nil {
		t.Fatal(err)
	}
	want := `monthend (client)
  → monthend: 2 = 0 ok 2 error 0 throttle 0 fault
monthend-trigger (client)
  → monthend-trigger: 2 = 2 ok 0 error 0 throttle 0 fault
http://127.0.0.1:39289/000000000000/monthend (AWS::SQS::Queue): 2 = 2 ok 0 error 0 throttle 0 fault
  → monthend: 4 = 2 ok 0 error 0 throttle 2 fault, link, ages 4
monthend root: 6 = 2 ok 2 error 0 throttle 2 fault
  → monthend@localhost (Database::SQL): 14 = 13 ok 1 error 0 throttle 0 fault
  → reports (AWS::S3::Bucket): 38 = 36 ok 0 error 0 throttle 2 fault
monthend-trigger root: 2 = 2 ok 0 error 0 throttle 0 fault
  → http://127.0.0.1:39289/000000000000/monthend (AWS::SQS::Queue): 2 = 2 ok 0 error 0 throttle 0 fault
monthend@localhost (Database::SQL): 14 = 13 ok 1 error 0 throttle 0 fault
reports (AWS::S3::Bucket): 38 = 36 ok 0 error 0 throttle 2 fault
`
	if diff := cmp.Diff(want, sketch(out.Services)); diff != "" {
		t.Errorf("graph (-want +got):\n%s", diff)
	}
	for _, v := range out.Services {
		if u := v.SummaryStatistics; u != nil {
			var n int32
			for _, h := range v.ResponseTimeHistogram {
				n += h.Count
			}
			if int64(n) != *u.TotalCount || *u.TotalResponseTime <= 0 || !v.EndTime.After(*v.StartTime) {
				t.Errorf("%s: %d of %d requests in the histogram, %v s, %v to %v", *v.Name, n, *u.TotalCount, *u.TotalResponseTime, v.StartTime, v.EndTime)
			}
		}
	}
	if got := s.Violations(); got != nil {
		t.Errorf("violations: %v", got)
	}

	outside := from.Add(-time.Hour)
	out, err = c.GetServiceGraph(t.Context(), &client.GetServiceGraphInput{StartTime: &outside, EndTime: &from})
	if err != nil || len(out.Services) != 0 {
		t.Errorf("before: got %v, %v", out, err)
	}
}

// TestTraceGraph has what the recorded runs do not: a service that sent its own segment, one that did not, a table, a
// throttled call, what is in progress, and a worker whose producer was not sampled.
func TestTraceGraph(t *testing.T) {
	s := start(t, xray.Config{})
	c := dial(t, s)
	send(t, s,
		segment(rootID, "web", 1, 9, `,"fault":true,"http":{"request":{"method":"POST","url":"https://web.example/ask"},"response":{"status":500}},"subsegments":[`+
			`{"id":"00000000000000a1","name":"api.example:443","namespace":"remote","start_time":2,"end_time":3},`+
			`{"id":"00000000000000a2","name":"rates.example:443","namespace":"remote","start_time":3,"end_time":4,"error":true},`+
			`{"id":"00000000000000a3","name":"DynamoDB","namespace":"aws","start_time":4,"end_time":5,"throttle":true,"error":true,"aws":{"table_name":"jobs"}},`+
			`{"id":"00000000000000a4","name":"Secrets Manager","namespace":"aws","start_time":5,"end_time":6},`+
			`{"id":"00000000000000a5","name":"stage","start_time":6,"end_time":7,"subsegments":[`+
			`{"id":"00000000000000a6","name":"S3","namespace":"aws","start_time":6,"end_time":7,"fault":true}]}]`),
		segment("00000000000000b1", "api", 2, 3, `,"origin":"AWS::ECS::Container","parent_id":"00000000000000a1"`),
		segment("00000000000000b2", "inner", 6, 7, `,"parent_id":"00000000000000a5"`),
		segment("00000000000000b3", "beside", 7, 8, `,"parent_id":"`+rootID+`"`),
		segment("00000000000000b4", "lost", 7, 8, `,"parent_id":"00000000000000ff"`),
		fmt.Sprintf(`{"trace_id":%q,"id":"00000000000000b5","name":"open","start_time":8,"in_progress":true,"parent_id":%q}`, traceID, rootID),
		part("00000000000000b6", "00000000000000fe", "orphan", 8, 9),
	)
	arrive(t, s, 7)
	out, err := c.GetTraceGraph(t.Context(), &client.GetTraceGraphInput{TraceIds: []string{traceID, traceID, "1-6b02c013-000000000000000000000000"}})
	if err != nil {
		t.Fatal(err)
	}
	want := `web (client)
  → web: 1 = 0 ok 0 error 0 throttle 1 fault
S3 (AWS::S3): 1 = 0 ok 0 error 0 throttle 1 fault
Secrets Manager (AWS::SecretsManager): 1 = 1 ok 0 error 0 throttle 0 fault
api (AWS::ECS::Container): 1 = 1 ok 0 error 0 throttle 0 fault
beside: 1 = 1 ok 0 error 0 throttle 0 fault
inner: 1 = 1 ok 0 error 0 throttle 0 fault
jobs (AWS::DynamoDB::Table): 1 = 0 ok 0 error 1 throttle 0 fault
lost: 1 = 1 ok 0 error 0 throttle 0 fault
open: 0 = 0 ok 0 error 0 throttle 0 fault
rates.example:443 (remote): 1 = 0 ok 1 error 0 throttle 0 fault
web root: 1 = 0 ok 0 error 0 throttle 1 fault
  → S3 (AWS::S3): 1 = 0 ok 0 error 0 throttle 1 fault
  → Secrets Manager (AWS::SecretsManager): 1 = 1 ok 0 error 0 throttle 0 fault
  → api (AWS::ECS::Container): 1 = 1 ok 0 error 0 throttle 0 fault
  → beside: 1 = 1 ok 0 error 0 throttle 0 fault
  → inner: 1 = 1 ok 0 error 0 throttle 0 fault
  → jobs (AWS::DynamoDB::Table): 1 = 0 ok 0 error 1 throttle 0 fault
  → open: 0 = 0 ok 0 error 0 throttle 0 fault
  → rates.example:443 (remote): 1 = 0 ok 1 error 0 throttle 0 fault
`
	if diff := cmp.Diff(want, sketch(out.Services)); diff != "" {
		t.Errorf("graph (-want +got):\n%s", diff)
	}
	if i := slices.IndexFunc(out.Services, func(s types.Service) bool { return aws.ToString(s.Type) == "client" }); i < 0 || aws.ToString(out.Services[i].State) != "unknown" {
		t.Errorf("client: got %+v", out.Services)
	}
}
