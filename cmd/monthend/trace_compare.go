package main

import (
	"context"

	"github.com/monthend/monthend/trace/read"
)

// runTraceCompare puts two runs or traces side by side.
func (a *app) runTraceCompare(ctx context.Context, s settings, this, that string) error {
	if err := a.checkFormat(formatTable, formatJSON); err != nil {
		return err
	}
	ids := [2]string{this, that}
	for i, id := range ids {
		if isTrace(id) {
			continue
		}
		var err error
		if ids[i], _, err = s.tracesOf(ctx, id); err != nil {
			return err
		}
	}
	client, err := openTraces(ctx)
	if err != nil {
		return err
	}
	var traces [2]read.Trace
	for i, id := range ids {
		if traces[i], err = readTrace(ctx, client, id); err != nil {
			return err
		}
	}
	c := read.Compare(traces[0], traces[1])
	if a.format == formatJSON {
		return a.printJSON(c)
	}
	return read.Beside(a.stdout, c, a.drawing())
}
