package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/monthend/monthend/metric"
)

// droppedReasons are the results of a document that was meant to arrive and did not; the others were left out on purpose.
var droppedReasons = []string{
	"too_big", "hold_full", "queue_full", "unreachable", "refused", "after_close", "not_exported", "export_full", "export_closed",
}

// maxFigures bounds what is read of a worker's figures, in bytes.
const maxFigures = 4 << 20

// traceDropped asks a worker that lives what became of its documents.
func (d *doctor) traceDropped(ctx context.Context) finding {
	addr := d.Metric.Addr
	if addr == "" {
		return unset("MONTHEND_METRICS_ADDR is not set: no worker can be asked what it dropped")
	}
	mend := "monthend work --metrics-addr " + shellWord(addr)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/metrics", nil)
	if err != nil {
		return wrong(mend, "%s", err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		return wrong(mend, "no worker tells its figures: %s", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return wrong(mend, "http://%s/metrics answers %s", addr, answer.Status)
	}
	counts, err := readDocuments(io.LimitReader(answer.Body, maxFigures))
	if err != nil {
		return wrong(mend, "read the figures of the worker: %s", err)
	}
	var lost []string
	for _, reason := range droppedReasons {
		if n := counts[reason]; n > 0 {
			lost = append(lost, fmt.Sprintf("%s %s", count(n), reason))
		}
	}
	if len(lost) > 0 {
		return warned("monthend doctor --only xray-daemon,trace,otlp", "the worker at %s has dropped trace documents: %s", addr, strings.Join(lost, ", "))
	}
	return well("the worker at %s has sent %s and dropped none; %s not sampled", addr,
		things(int(counts["sent"]), "trace document"), count(counts["unsampled"]))
}

// readDocuments adds up monthend_trace_documents_total by result, over the exits.
func readDocuments(r io.Reader) (map[string]int64, error) {
	counts, found := map[string]int64{}, false
	for lines := bufio.NewScanner(r); ; {
		if !lines.Scan() {
			if lines.Err() == nil && !found {
				return nil, fmt.Errorf("%s is not among them", metric.TraceDocuments.Name)
			}
			return counts, lines.Err()
		}
		labels, isOurs := strings.CutPrefix(lines.Text(), metric.TraceDocuments.Name+"{")
		labels, value, ok := strings.Cut(labels, "} ")
		if !isOurs || !ok {
			continue
		}
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is no figure", value)
		}
		found = true
		all := strings.Split(labels, ",")
		at := slices.IndexFunc(all, func(label string) bool { return strings.HasPrefix(label, "result=") })
		if at >= 0 {
			counts[strings.Trim(strings.TrimPrefix(all[at], "result="), `"`)] += int64(n)
		}
	}
}
