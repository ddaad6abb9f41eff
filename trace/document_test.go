package trace_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/trace"
)

// sent is a document as the X-Ray SDK sends it: an untagged Dummy everywhere, trace_id in nested subsegments, and a
// parent_id that always names the root.
const sent = `{"trace_id":"1-6b02c013-53f32a3152d7d7da8d74ae88","id":"0c9a8676b98d8861","name":"monthend-worker",
 "start_time":1795342355.3068929,"end_time":1795342355.807067,"parent_id":"c06db729838ae591","fault":true,
 "cause":{"working_directory":"/","exceptions":[{"id":"fdec3269265923b2","type":"fmt.wrapError","message":"validate: boom",
   "stack":[{"path":"testing/testing.go","line":2036,"label":"tRunner"}]}]},
 "origin":"AWS::ECS::Container","user":"tenant-7","aws":{"xray":{"sdk_version":"2.0.3","sdk":"X-Ray for Go"}},
 "service":{"runtime_version":"go1.26.8","runtime":"gc"},"annotations":{"attempt":2,"month":"2026-06","slow":false},
 "metadata":{"default":{"job":{"id":"j1","rows":12345678901234567890}}},
 "subsegments":[{"trace_id":"1-6b02c013-53f32a3152d7d7da8d74ae88","id":"b98bdb1c4ae910df","name":"extract","start_time":1795342355.31,
   "end_time":1795342355.4,"parent_id":"0c9a8676b98d8861","error":true,"cause":"fdec3269265923b2",
   "subsegments":[{"id":"3f65f4cce86226ee","name":"db@localhost","namespace":"remote","start_time":1795342355.32,"in_progress":true,
     "parent_id":"0c9a8676b98d8861","sql":{"sanitized_query":"select $1"},"Dummy":false}],"Dummy":false}],
 "Dummy":false}`

func TestParseDocument(t *testing.T) {
	got, err := trace.ParseDocument([]byte(sent))
	if err != nil {
		t.Fatal(err)
	}
	want := trace.Document{
		TraceID: "1-6b02c013-53f32a3152d7d7da8d74ae88", ID: "0c9a8676b98d8861", Name: "monthend-worker",
		StartTime: 1795342355.3068929, EndTime: 1795342355.807067, ParentID: "c06db729838ae591", Fault: true,
		Cause: &trace.Cause{WorkingDirectory: "/", Exceptions: []trace.Exception{{
			ID: "fdec3269265923b2", Type: "fmt.wrapError", Message: "validate: boom",
			Stack: []trace.StackFrame{{Path: "testing/testing.go", Line: 2036, Label: "tRunner"}},
		}}},
		Origin: "AWS::ECS::Container", User: "tenant-7",
		AWS:         map[string]any{"xray": map[string]any{"sdk_version": "2.0.3", "sdk": "X-Ray for Go"}},
		Service:     map[string]any{"runtime_version": "go1.26.8", "runtime": "gc"},
		Annotations: map[string]any{"attempt": 2.0, "month": "2026-06", "slow": false},
		Metadata:    map[string]map[string]json.RawMessage{"default": {"job": json.RawMessage(`{"id":"j1","rows":12345678901234567890}`)}},
		Subsegments: []trace.Document{{
			TraceID: "1-6b02c013-53f32a3152d7d7da8d74ae88", ID: "b98bdb1c4ae910df", Name: "extract", ParentID: "0c9a8676b98d8861",
			StartTime: 1795342355.31, EndTime: 1795342355.4, Error: true, Cause: &trace.Cause{ID: "fdec3269265923b2"},
			Subsegments: []trace.Document{{
				ID: "3f65f4cce86226ee", Name: "db@localhost", Namespace: "remote", ParentID: "0c9a8676b98d8861",
				StartTime: 1795342355.32, InProgress: true, SQL: &trace.SQL{SanitizedQuery: "select $1"},
			}},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
	if found := trace.Validate(got); found != nil {
		t.Errorf("violations: %v", found)
	}

	encoded, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	again, err := trace.ParseDocument(encoded)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, again); diff != "" {
		t.Errorf("after another round (-want +got):\n%s", diff)
	}
}

func TestDocumentTimes(t *testing.T) {
	d := trace.Document{StartTime: 1795342355.25, EndTime: 1795342356.5}
	if got, want := d.Start(), time.Date(2026, 11, 22, 10, 12, 35, 250_000_000, time.UTC); !got.Equal(want) || got.Location() != time.UTC {
		t.Errorf("start: got %v, want %v", got, want)
	}
	if got, want := d.Duration(), 1250*time.Millisecond; got != want {
		t.Errorf("duration: got %v, want %v", got, want)
	}
	open := trace.Document{StartTime: 1795342355.25, InProgress: true}
	if !open.End().IsZero() || open.Duration() != 0 {
		t.Errorf("in progress: got end %v, duration %v", open.End(), open.Duration())
	}
}

func TestStatus(t *testing.T) {
	for want, d := range map[string]trace.Document{
		"ok":       {},
		"error":    {Error: true},
		"throttle": {Error: true, Throttle: true},
		"fault":    {Error: true, Throttle: true, Fault: true},
	} {
		if got := d.Status(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// document fills the braces around the required fields of a segment.
func document(more string) string {
	return `{"name":"s","id":"0c9a8676b98d8861","trace_id":"1-6b02c013-53f32a3152d7d7da8d74ae88","start_time":1` + more + `}`
}

func TestParseDocumentRefuses(t *testing.T) {
	deep := strings.Repeat(`,"subsegments":[{"name":"s","id":"0c9a8676b98d8861","start_time":1`, trace.MaxDocumentDepth) +
		strings.Repeat(`}]`, trace.MaxDocumentDepth)
	for name, row := range map[string]struct{ in, want string }{
		"empty":         {"", "segment document: not a JSON object"},
		"not JSON":      {"not json at all", "segment document: not a JSON object"},
		"an array":      {"[]", "segment document: not a JSON object"},
		"cut off":       {`{"name":"s"`, "segment document: unexpected end of JSON input"},
		"trailing data": {document("") + "{}", "segment document: invalid character '{' after top-level value"},
		"trace id":      {`{"trace_id":"not-a-trace-id"}`, `segment document: trace_id "not-a-trace-id": not a trace id`},
		"name":          {document(`,"name":""`), "segment document: name: missing"},
		"id":            {document(`,"id":"zz"`), `segment document: id "zz": not 16 hexadecimal digits`},
		"start":         {document(`,"start_time":0`), "segment document: start_time 0: not seconds since 1970"},
		"end":           {document(`,"end_time":1e300`), "segment document: end_time 1e+300: not seconds since 1970"},
		"nested id": {document(`,"subsegments":[{"name":"a","id":"0c9a8676b98d8861","start_time":1},{"name":"b","start_time":1}]`),
			`segment document: subsegments[1].id "": not 16 hexadecimal digits`},
		"kind of a field":  {document(`,"start_time":"1"`), "segment document: start_time: string, want number"},
		"kind in a block":  {document(`,"http":{"response":{"status":200.5}}`), "segment document: http.response.status: number, want whole number"},
		"kind of a block":  {document(`,"aws":["S3"]`), "segment document: aws: array, want object"},
		"kind of a list":   {document(`,"subsegments":{}`), "segment document: subsegments: object, want array"},
		"kind of a flag":   {document(`,"fault":"yes"`), "segment document: fault: string, want bool"},
		"kind of a cause":  {document(`,"cause":7`), "segment document: cause: number, want object"},
		"kind in a cause":  {document(`,"cause":{"exceptions":[{"message":7}]}`), "segment document: cause.exceptions.message: number, want string"},
		"number too large": {document(`,"end_time":1e400`), "segment document: end_time: number, want number"},
		"too deep":         {document(deep), "segment document: subsegments nest deeper than 64"},
		"too big": {document(`,"user":"` + strings.Repeat("x", trace.MaxDocumentSize) + `"`),
			fmt.Sprintf("segment document: %d bytes, more than 65536", len(document(`,"user":""`))+trace.MaxDocumentSize)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := trace.ParseDocument([]byte(row.in))
			if err == nil || err.Error() != row.want {
				t.Errorf("got %v, want %s", err, row.want)
			}
		})
	}
	if _, err := trace.ParseDocument([]byte(`{}`)); !errors.Is(err, trace.ErrTraceID) {
		t.Errorf("without a trace id: got %v, want ErrTraceID", err)
	}
}

func TestValidate(t *testing.T) {
	long := strings.Repeat("x", 1001)
	many := `"a0":1`
	for i := range 50 {
		many += fmt.Sprintf(`,"a%d":1`, i+1)
	}
	for name, row := range map[string]struct{ more, want string }{
		"kept":                {`,"end_time":2,"annotations":{"k_1":"v"}`, ""},
		"no end":              {``, "end_time: missing, and the document is not in progress"},
		"end while open":      {`,"end_time":2,"in_progress":true`, "in_progress: true, and the document has an end_time"},
		"backwards":           {`,"end_time":0.5`, "end_time: before start_time"},
		"name":                {`,"end_time":2,"name":"a;b"`, `name: "a;b" has characters other than letters, digits, spaces and _.:/%&#=+\-@`},
		"long name":           {`,"end_time":2,"name":"` + long[:201] + `"`, "name: 201 characters, more than 200"},
		"type":                {`,"end_time":2,"type":"span"`, `type: "span" is not "subsegment"`},
		"orphan":              {`,"end_time":2,"type":"subsegment"`, "parent_id: missing from a subsegment sent on its own"},
		"parent":              {`,"end_time":2,"parent_id":"zz"`, `parent_id: "zz" is not 16 hexadecimal digits`},
		"namespace":           {`,"end_time":2,"namespace":"local"`, `namespace: "local" is neither "aws" nor "remote"`},
		"user":                {`,"end_time":2,"user":"` + long + `"`, "user: 1001 characters, more than 250"},
		"annotation key":      {`,"end_time":2,"annotations":{"a b":1}`, "annotations.a b: a key is 1 to 500 of A-Z, a-z, 0-9 and _"},
		"annotation value":    {`,"end_time":2,"annotations":{"a":[1]}`, "annotations.a: neither a string, a number nor a boolean"},
		"annotation length":   {`,"end_time":2,"annotations":{"a":"` + long + `"}`, "annotations.a: 1001 characters, more than 1000"},
		"annotations":         {`,"end_time":2,"annotations":{` + many + `}`, "annotations: 51 in one document, X-Ray indexes 50 in a trace"},
		"cause":               {`,"end_time":2,"cause":"zz"`, `cause: "zz" is not 16 hexadecimal digits`},
		"exception":           {`,"end_time":2,"cause":{"exceptions":[{"id":"zz"}]}`, `cause.exceptions[0].id: "zz" is not 16 hexadecimal digits`},
		"traced":              {`,"end_time":2,"http":{"request":{"traced":true}}`, "http.request.traced: belongs to a subsegment"},
		"status":              {`,"end_time":2,"http":{"response":{"status":42}}`, "http.response.status: 42 is not an HTTP status"},
		"preparation":         {`,"end_time":2,"sql":{"preparation":"x"}`, `sql.preparation: "x" is neither "call" nor "statement"`},
		"link":                {`,"end_time":2,"links":[{"trace_id":"x","id":"y"}]`, "links[0]: trace_id and id do not name a segment"},
		"precursor":           {`,"end_time":2,"precursor_ids":["x"]`, `precursor_ids[0]: "x" is not 16 hexadecimal digits`},
		"twice":               {`,"end_time":2,"subsegments":[{"name":"s","id":"0c9a8676b98d8861","start_time":1,"end_time":2}]`, "subsegments[0].id: 0c9a8676b98d8861 stands twice in the document"},
		"any subsegment name": {`,"end_time":2,"subsegments":[{"name":"a;b","id":"b98bdb1c4ae910df","start_time":1,"end_time":2}]`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := trace.ParseDocument([]byte(document(row.more)))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, v := range trace.Validate(d) {
				got = append(got, v.Path+": "+v.Message)
			}
			if want := strings.Fields(row.want); len(want) == 0 && got != nil || len(want) > 0 && !cmp.Equal(got, []string{row.want}) {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

// The size that counts is the sender's, who need not escape as Go does.
func TestValidateSize(t *testing.T) {
	d, err := trace.ParseDocument([]byte(document(`,"end_time":2,"metadata":{"default":{"page":"` + strings.Repeat("<", 60_000) + `"}}`)))
	if err != nil {
		t.Fatal(err)
	}
	if got := trace.Validate(d); got != nil {
		t.Errorf("a document of 60 kB: %v", got)
	}
	d.Metadata["default"]["page"] = json.RawMessage(`"` + strings.Repeat("<", trace.MaxDocumentSize) + `"`)
	got := trace.Validate(d)
	if len(got) != 1 || got[0].Path != "document" || !strings.HasSuffix(got[0].Message, " bytes, more than 65536") {
		t.Errorf("a document beyond 64 kB: %v", got)
	}
}

func FuzzParseDocument(f *testing.F) {
	f.Add([]byte(sent))
	f.Add([]byte(document(`,"in_progress":true,"cause":"zz","metadata":null`)))
	f.Add([]byte(document(`,"subsegments":[{}]`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := trace.ParseDocument(data)
		if err != nil {
			return
		}
		trace.Validate(d)
		if d.Duration() < 0 || d.Start().IsZero() {
			t.Errorf("times: start %v, duration %v", d.Start(), d.Duration())
		}
		encoded, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		again, err := trace.ParseMerged(encoded)
		if err != nil {
			t.Fatalf("what was accepted is not read again: %v\n%s", err, encoded)
		}
		once, err := json.Marshal(again)
		if err != nil {
			t.Fatal(err)
		}
		if string(once) != string(encoded) {
			t.Errorf("another round changed it\n got %s\nwant %s", once, encoded)
		}
	})
}
