package main

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/monthend/monthend/pipeline"
)

// bars shows how far a run is: one bar a stage on a terminal, nothing anywhere else.
type bars struct {
	mu       sync.Mutex
	progress func(pipeline.Progress)
	all      *mpb.Progress
	stage    map[pipeline.Stage]*mpb.Bar

	rows, rate atomic.Int64 // of the extraction, see pace
}

// stageNames are the stages that have steps to show, as people call them.
var stageNames = map[pipeline.Stage]string{
	pipeline.StageExtract:  "extract",
	pipeline.StageGenerate: "generate",
	pipeline.StagePublish:  "publish",
}

func (a *app) newBars() *bars {
	b := &bars{stage: map[pipeline.Stage]*mpb.Bar{}}
	if _, ok := terminal(a.stderr); !ok || a.format == formatJSON {
		b.progress = func(pipeline.Progress) {}
		return b
	}
	b.all = mpb.New(mpb.WithOutput(a.stderr), mpb.WithWidth(40))
	b.progress = b.advance
	return b
}

// starting shows that something is being waited for before the first stage; the first stage takes its place.
func (b *bars) starting(what string) {
	if b.all == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stage[stageStart] = b.all.New(0, mpb.SpinnerStyle(),
		mpb.AppendDecorators(decor.Name("starting "+what)), mpb.BarWidth(1), mpb.BarRemoveOnComplete())
}

// stageStart is what comes before the stages of a run.
const stageStart = pipeline.Stage("start")

// advance moves the stage's bar.
func (b *bars) advance(p pipeline.Progress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	name, ok := stageNames[p.Stage]
	if !ok || p.Steps == 0 {
		return
	}
	if start := b.stage[stageStart]; start != nil {
		start.Abort(true)
		delete(b.stage, stageStart)
	}
	bar := b.stage[p.Stage]
	if bar == nil {
		bar = b.all.New(int64(p.Steps), mpb.BarStyle().Lbound("").Filler("━").Tip("━").Padding("─").Rbound(""),
			mpb.PrependDecorators(decor.Name(name, decor.WC{W: 10, C: decor.DindentRight})),
			mpb.AppendDecorators(decor.CountersNoUnit("%d of %d", decor.WCSyncSpace), decor.Any(b.pace)),
			mpb.BarRemoveOnComplete(),
		)
		b.stage[p.Stage] = bar
	}
	b.rows.Store(p.Rows)
	b.rate.Store(p.Rate)
	bar.SetCurrent(int64(p.Done))
}

// pace is how many rows came so far and how fast, while they come. The bars ask for it in a goroutine of their own.
func (b *bars) pace(decor.Statistics) string {
	rate := b.rate.Load()
	if rate == 0 {
		return ""
	}
	return fmt.Sprintf(", %s rows, %s a second", count(b.rows.Load()), count(rate))
}

// end takes the bars away, the unfinished ones too, and waits until the terminal is clean.
func (b *bars) end() {
	if b.all == nil {
		return
	}
	b.mu.Lock()
	for _, bar := range b.stage {
		bar.Abort(true)
	}
	b.mu.Unlock()
	b.all.Wait()
}
