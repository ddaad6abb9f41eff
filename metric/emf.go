package metric

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"time"
)

// EMF says how lines of CloudWatch's embedded metric format are written.
type EMF struct {
	Namespace  string            // "" is monthend
	Dimensions map[string]string // of every figure beside its labels, such as the service; few and without end to none
	Every      time.Duration     // between two flushes; 0 is a minute
}

// EmitTo writes the figures as CloudWatch takes them from a log, flush after flush until ctx ends, and then once more. CloudWatch
// adds up what it is told, so a counter is told as what came since the last flush, and one that stood still is not told. One line
// has one value for each dimension: there is a line for the figures without labels, and one for each set of labels.
func (s *Set) EmitTo(ctx context.Context, w io.Writer, cfg EMF) error {
	if s == nil {
		<-ctx.Done()
		return nil
	}
	if cfg.Namespace == "" {
		cfg.Namespace = "monthend"
	}
	if cfg.Every <= 0 {
		cfg.Every = time.Minute
	}
	s.mu.Lock()
	s.lines = true
	s.mu.Unlock()
	e := emitter{set: s, cfg: cfg, told: map[string]float64{}}
	ticks := time.NewTicker(cfg.Every)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
			if err := e.flush(ctx, w); err != nil {
				return err
			}
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastFlush)
			defer cancel()
			return e.flush(last, w)
		}
	}
}

// lastFlush bounds the end of a process.
const lastFlush = 3 * time.Second

// emitter remembers what CloudWatch was told of the counters.
type emitter struct {
	set  *Set
	cfg  EMF
	told map[string]float64 // by metric and labels
}

// line is one line of the format before it is encoded.
type line struct {
	values      map[string]any
	dimensions  []string
	definitions []definition
}

// The metadata that CloudWatch looks for; the names are its own.
type metadata struct {
	Timestamp         int64 // ms since 1970
	CloudWatchMetrics []directive
}

type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []definition
}

type definition struct {
	Name string
	Unit string
}

// maxDefinitions is how many metrics CloudWatch takes in one line.
const maxDefinitions = 100

// flush writes all lines at once, so that no other line of the process comes between them. The growth of a counter that was not
// written is part of the next flush.
func (e *emitter) flush(ctx context.Context, w io.Writer) error {
	at := e.set.now().UnixMilli()
	told := maps.Clone(e.told)
	var lines []*line
	byLabels := map[string]*line{}
	for _, one := range e.set.snapshot(ctx) {
		value, ok := e.value(one, told)
		if !ok {
			continue
		}
		key := one.labelKey()
		l := byLabels[key]
		if l == nil || len(l.definitions) == maxDefinitions {
			l = e.begin(one)
			byLabels[key], lines = l, append(lines, l)
		}
		l.values[one.metric.Name] = value
		l.definitions = append(l.definitions, definition{one.metric.Name, string(one.metric.Unit)})
	}
	var text bytes.Buffer
	for _, l := range lines {
		l.values["_aws"] = metadata{at, []directive{{e.cfg.Namespace, [][]string{l.dimensions}, l.definitions}}}
		encoded, err := json.Marshal(l.values)
		if err != nil {
			return fmt.Errorf("encode metrics: %w", err)
		}
		text.Write(append(encoded, '\n'))
	}
	if text.Len() > 0 {
		if _, err := w.Write(text.Bytes()); err != nil {
			return fmt.Errorf("write metrics: %w", err)
		}
	}
	e.told = told
	return nil
}
