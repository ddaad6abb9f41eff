package trace

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// Exporter takes finished documents to a place other than a daemon. It is called by one goroutine at a time.
type Exporter interface {
	// Export sends documents, all or none as far as it knows; it returns soon after ctx ends. An error says why they are lost: what is
	// worth another try is tried inside.
	Export(ctx context.Context, documents []Document) error
	// Close is called once, after the last Export.
	Close(ctx context.Context) error
}

const (
	maxBatch      = 512 // documents
	maxBatchBytes = 2 << 20
	batchDelay    = time.Second // so long a document waits for others
	exportTimeout = 10 * time.Second
)

// exporting is the exit by an Exporter: in batches, from one goroutine that ends with close.
type exporting struct {
	to    Exporter
	count *counter
	log   *slog.Logger
	queue *queue
	done  chan struct{} // closed when the goroutine has ended
	abort context.CancelFunc

	// Only the goroutine uses these.
	told time.Time // last word to the log
	left int       // not exported when aborted; read after done
}

func newExporting(to Exporter, log *slog.Logger, count *counter) *exporting {
	ctx, abort := context.WithCancel(context.Background())
	e := &exporting{to: to, count: count, log: log, queue: newQueue(), done: make(chan struct{}), abort: abort}
	go e.run(ctx)
	return e
}

func (e *exporting) enqueue(document []byte) {
	switch e.queue.push(document) {
	case full:
		e.count.add(func(c *Counters) { c.ExportFull++ })
	case closed:
		e.count.add(func(c *Counters) { c.ExportClosed++ })
	}
}

func (e *exporting) close(ctx context.Context) error {
	e.queue.close() // which wakes a batch that waits for more
	select {
	case <-e.done:
		return nil
	case <-ctx.Done():
	}
	e.abort()
	<-e.done
	if e.left == 0 {
		return nil
	}
	return fmt.Errorf("export trace documents: %d left: %w", e.left, ctx.Err())
}

// run ends when the queue is empty after close; after abort it only counts what is left.
func (e *exporting) run(ctx context.Context) {
	defer close(e.done)
	defer e.abort()
	defer func() { _ = e.to.Close(ctx) }() // what was to be told of it is told
	for {
		batch, over := e.batch()
		if len(batch) > 0 {
			e.export(ctx, batch)
		}
		if over {
			return
		}
	}
}

// batch waits for documents, and then a little for more.
func (e *exporting) batch() (batch [][]byte, over bool) {
	var due <-chan time.Time
	for size := 0; len(batch) < maxBatch && size < maxBatchBytes; {
		document, over := e.queue.pop()
		if document != nil {
			batch = append(batch, document)
			size += len(document)
			if due == nil {
				timer := time.NewTimer(batchDelay)
				defer timer.Stop()
				due = timer.C
			}
			continue
		}
		if over {
			return batch, true
		}
		select {
		case <-e.queue.wake:
		case <-due:
			return batch, false
		}
	}
	return batch, false
}

func (e *exporting) export(ctx context.Context, batch [][]byte) {
	n := uint64(len(batch))
	if ctx.Err() != nil {
		e.left += len(batch)
		e.count.add(func(c *Counters) { c.ExportClosed += n })
		return
	}
	documents := make([]Document, 0, len(batch))
	for _, data := range batch {
		if d, err := ParseDocument(data); err == nil { // what this package encodes, it can read
			documents = append(documents, d)
		}
	}
	trying, cancel := context.WithTimeout(ctx, exportTimeout)
	defer cancel()
	err := e.to.Export(trying, documents)
	switch {
	case err == nil:
		e.count.add(func(c *Counters) { c.Exported += n })
	case ctx.Err() != nil:
		e.left += len(batch)
		e.count.add(func(c *Counters) { c.ExportClosed += n })
	default:
		e.count.add(func(c *Counters) { c.NotExported += n })
		if e.told.IsZero() || time.Since(e.told) >= tellAgain {
			e.told = time.Now()
			e.log.Warn("traces are not exported; runs go on", "error", err)
		}
	}
}
