package xray_test

import (
	"strings"
	"testing"

	"github.com/monthend/monthend/local/xray"
	"github.com/monthend/monthend/trace"
)

func TestMalformedPackets(t *testing.T) {
	whole := segment(rootID, "worker", 1, 2, "")
	rows := []struct{ packet, want string }{
		{"not json at all", "no header line"},
		{"\n" + whole, "header line: unexpected end of JSON input"},
		{`{"format":"xml","version":1}` + "\n" + whole, `header line: format "xml" version 1: want json version 1`},
		{`{"format":"json","version":2}` + "\n" + whole, `header line: format "json" version 2: want json version 1`},
		{`{"format":"json","version":1}` + "\nnot json", "segment document: not a JSON object"},
		{`{"format":"json","version":1}` + "\n{}", `segment document: trace_id "": not a trace id`},
	}
	s := start(t, xray.Config{})
	for i, row := range rows {
		if _, err := xray.ParsePacket([]byte(row.packet)); err == nil || err.Error() != row.want {
			t.Errorf("got %v, want %s", err, row.want)
		}
		sendRaw(t, s, row.packet)
		arrive(t, s, int64(i+1))
	}
	if got, want := s.Counters(), (xray.Counters{Packets: 6, Malformed: 6}); got != want {
		t.Errorf("counters: got %+v, want %+v", got, want)
	}
	for i, v := range s.Violations() {
		if want := strings.Replace(rows[i].want, "", "packet: ", 1); v.String() != want {
			t.Errorf("violation: got %s, want %s", v, want)
		}
	}
	if ids := s.TraceIDs(); len(ids) != 0 {
		t.Errorf("kept: %v", ids)
	}
}

func TestHeaderLineInAnyCase(t *testing.T) {
	got, err := xray.ParsePacket([]byte(`{ "format" : "JSON", "version" : 1 }` + "\n" + segment(rootID, "worker", 1, 2, "")))
	if err != nil || got.Name != "worker" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func FuzzParsePacket(f *testing.F) {
	f.Add([]byte(`{"format":"json","version":1}` + "\n" + segment(rootID, "worker", 1, 2, `,"subsegments":[{"id":"00000000000000ab","name":"a","start_time":1}]`)))
	f.Add([]byte(`{"format":"json","version":1}` + "\n"))
	f.Add([]byte("\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := xray.ParsePacket(data)
		if err != nil {
			if d.Name != "" {
				t.Errorf("a document beside the error %v", err)
			}
			return
		}
		trace.Validate(d)
	})
}
