package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/monthend/monthend/trace"
	"github.com/monthend/monthend/trace/read"
	"github.com/monthend/monthend/trace/sampling"
)

// doctorSegment is what the trace of a check is called: not as the worker's, lest it be counted with the runs.
const doctorSegment = "monthend-doctor"

// everything is the resource of X-Ray's actions, which know no other.
var everything = []string{"*"}

// sendsXRay tells whether documents go to a daemon.
func (d *doctor) sendsXRay() bool { return d.XRayAddress != "" && d.Trace.Exporter != exportOTLP }

func (d *doctor) sendsOTLP() bool {
	return d.Trace.Exporter == exportOTLP || d.Trace.Exporter == exportBoth
}

// tracing is about the settings: the first reason why no traces appear.
func (d *doctor) tracing(context.Context) finding {
	t := d.Trace
	const address = "export MONTHEND_XRAY_ADDRESS=127.0.0.1:2000"
	switch {
	case !d.sendsXRay() && !d.sendsOTLP() && t.OTLPEndpoint != "":
		return warned("export MONTHEND_TRACE_EXPORTER=otlp", "a collector is set and the exporter is %s: nothing is sent there", t.Exporter)
	case !d.sendsXRay() && !d.sendsOTLP():
		return warned(address, "MONTHEND_XRAY_ADDRESS is not set: nothing is traced")
	case t.Exporter == exportBoth && !d.sendsXRay():
		return warned(address, "the exporter is both and MONTHEND_XRAY_ADDRESS is not set: only the collector is sent to")
	}
	var to []string
	if d.sendsXRay() {
		to = append(to, "the X-Ray daemon at "+d.XRayAddress)
	}
	if d.sendsOTLP() {
		to = append(to, "a collector")
	}
	return well("traces go to %s", strings.Join(to, " and "))
}

// xrayDaemon asks for sampling rules: the one question that a daemon passes on, signed by its own credentials.
func (d *doctor) xrayDaemon(ctx context.Context) finding {
	if !d.sendsXRay() {
		return unset("nothing is sent to an X-Ray daemon")
	}
	host, port, _ := net.SplitHostPort(d.XRayAddress)
	if host != "" {
		if _, err := net.DefaultResolver.LookupHost(ctx, host); err != nil {
			return wrong("getent hosts "+shellWord(host), "the host of MONTHEND_XRAY_ADDRESS is not known: %s", err)
		}
	}
	rules, err := sampling.Ask(ctx, d.XRayAddress, trace.DefaultName)
	var answer *sampling.AnswerError
	switch {
	case errors.As(err, &answer):
		return wrong(d.allow("monthend-xray-daemon", everything, "xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets")+
			"   # for the daemon's role", "%s: it is there, and X-Ray refuses it: its credentials, its region or its clock", err)
	case err != nil:
		return wrong("docker run -d -p 127.0.0.1:"+port+":2000/udp -p 127.0.0.1:"+port+":2000 -e AWS_REGION amazon/aws-xray-daemon", "%s", err)
	}
	d.rules = rules
	return well("it answers at %s, and X-Ray answers it: %s", d.XRayAddress, things(len(rules), "sampling rule"))
}

// sampling tells which traces are kept: the second reason why none appear.
func (d *doctor) sampling(context.Context) finding {
	const mend = "export MONTHEND_SAMPLE_RATE=0.05"
	switch t := d.Trace; {
	case t.rate != nil && *t.rate == 0:
		return warned(mend, "the sample rate is 0: of what no caller decided, only runs that fail, are slow or attempted again are kept")
	case t.rate != nil:
		return well("%s of the traces that no caller decided about are kept", percent(t.SampleRate))
	case t.Central && d.sendsXRay():
		return d.centralSampling()
	case t.SamplingRules != "":
		return well("the rules of %s decide", t.SamplingRules)
	}
	return well("every trace that no caller decided about is kept")
}

// centralSampling looks at the first rule that a job may meet.
func (d *doctor) centralSampling() finding {
	for _, r := range d.rules {
		switch {
		case !r.Matches || !r.Known:
		case r.Rate == 0 && r.Reservoir == 0:
			return warned(d.cli("xray update-sampling-rule --sampling-rule-update ")+shellQuote("RuleName="+r.Name+",FixedRate=0.05,ReservoirSize=1"),
				"X-Ray's rule %q keeps nothing", r.Name)
		default:
			return well("X-Ray's rule %q keeps the first %d a second and %g %% of the others", r.Name, r.Reservoir, r.Rate*100)
		}
	}
	return warned(d.cli("xray get-sampling-rules"), "X-Ray has no rule that a job of %q may meet", trace.DefaultName)
}

// traceThere sends one trace the way runs do and reads it back.
func (d *doctor) traceThere(ctx context.Context) finding {
	if !d.sendsXRay() {
		return unset("nothing is sent to an X-Ray daemon")
	}
	tracer, err := trace.New(trace.Config{Address: d.XRayAddress, Name: doctorSegment, Version: version()})
	if err != nil {
		return wrong("", "%s", err)
	}
	began := d.now()
	id := tell(ctx, tracer)
	flush(ctx, tracer)
	if c := tracer.Counters(); c.Sent == 0 {
		return wrong("", "the trace did not leave: %+v", c)
	}
	client, err := read.New(read.Config{AWS: d.cfg})
	if err != nil {
		return wrong("", "%s", err)
	}
	pause := time.NewTicker(200 * time.Millisecond)
	defer pause.Stop()
	for {
		_, err := client.Trace(ctx, id)
		switch {
		case err == nil:
			return well("trace %s was sent and read back after %s", id, d.now().Sub(began).Round(100*time.Millisecond))
		case errors.Is(err, read.ErrNotFound):
		case ctx.Err() == nil:
			return warned(d.allow("monthend-trace", everything, "xray:BatchGetTraces", "xray:GetTraceSummaries", "xray:GetServiceGraph"),
				"trace %s was sent; reading it back is not possible here: %s", id, err)
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			return wrong(d.cli("xray batch-get-traces --trace-ids ")+id,
				"trace %s was sent and X-Ray does not have it after %s: the daemon sends to another account or region, or has no right to xray:PutTraceSegments", id, d.timeout)
		}
	}
}

// tell makes a trace of one segment, kept whatever sampling says.
func tell(ctx context.Context, tracer *trace.Tracer) (id string) {
	ctx, segment := tracer.Begin(ctx, doctorSegment, "", trace.BeginOptions{ForceSample: true})
	id = trace.ID(ctx)
	segment.End(nil)
	return id
}

// How much of the past tracesWhole looks at: reading a trace costs a little.
const (
	wholeSince = 24 * time.Hour
	wholeCount = 10
)

// tracesWhole looks for holes in what the last runs left: documents that were dropped on the way.
func (d *doctor) tracesWhole(ctx context.Context) finding {
	if !d.sendsXRay() {
		return unset("nothing is sent to an X-Ray daemon")
	}
	client, err := read.New(read.Config{AWS: d.cfg})
	if err != nil {
		return wrong("", "%s", err)
	}
	now := d.now()
	newest, err := client.Summaries(ctx, read.Query{Filter: `service("` + trace.DefaultName + `")`, From: now.Add(-wholeSince), To: now.Add(time.Minute), Limit: wholeCount})
	if err != nil {
		return warned(d.allow("monthend-trace", everything, "xray:BatchGetTraces", "xray:GetTraceSummaries", "xray:GetServiceGraph"), "traces cannot be read here: %s", err)
	}
	holes, first := 0, ""
	for _, summary := range newest {
		t, err := client.Trace(ctx, summary.TraceID)
		if err != nil {
			return warned("", "%s", err)
		}
		for _, root := range t.Roots {
			if root.Partial {
				holes++
				if first == "" {
					first = summary.TraceID
				}
				break
			}
		}
	}
	if holes > 0 {
		return warned("monthend trace "+first, "%d of the last %s of a day have holes: documents were dropped on the way, see the counters that a worker logs at its end",
			holes, things(len(newest), "trace"))
	}
	return well("none of the last %s of a day has holes", things(len(newest), "trace"))
}

// otlp sends one trace to the collector, which answers at once.
func (d *doctor) otlp(ctx context.Context) finding {
	if !d.sendsOTLP() {
		return unset("nothing is sent to a collector")
	}
	s := d.settings
	s.XRayAddress, s.Trace.Exporter, s.Trace.Central, s.Trace.SamplingRules, s.Trace.rate = "", exportOTLP, false, "", nil
	var said strings.Builder
	tracer, err := s.openTracer(doctorSegment, slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil {
		return wrong("", "%s", err)
	}
	id := tell(ctx, tracer)
	tracer.Close(ctx)
	if c := tracer.Counters(); c.Exported == 0 {
		return wrong("docker run -d -p 127.0.0.1:4318:4318 otel/opentelemetry-collector", "the collector did not take a trace: %s", said.String())
	}
	return well("the collector took trace %s", id)
}
