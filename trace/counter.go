package trace

import "sync"

// Counters tells what became of the documents: once its segment has ended, every one that a closed segment or subsegment gave
// is in Sent or in one of the reasons that Dropped adds up.
type Counters struct {
	Sent        uint64 `json:"sent"`        // handed to the network, to the daemon, and not reported lost since
	Unsampled   uint64 `json:"unsampled"`   // of traces that the sampling decision left out
	Discarded   uint64 `json:"discarded"`   // of segments that Discard closed
	OverBudget  uint64 `json:"over_budget"` // told only as an aggregate in their parent
	TooBig      uint64 `json:"too_big"`     // even after cutting
	HoldFull    uint64 `json:"hold_full"`   // held back by too many segments at once
	QueueFull   uint64 `json:"queue_full"`  // made faster than the pace of sending
	Unreachable uint64 `json:"unreachable"` // no such host, no route, or the write did not succeed
	Refused     uint64 `json:"refused"`     // nobody listened; UDP reports this late and not for each
	AfterClose  uint64 `json:"after_close"` // came after Close or were left by its deadline
	Cut         uint64 `json:"cut"`         // shortened to fit, whatever became of them then
	Duplicate   uint64 `json:"duplicate"`   // second copies that the SDK made of one document; not documents
	Kept        uint64 `json:"kept"`        // segments that were kept although sampling said no; see Keep
	Held        uint64 `json:"held"`        // documents held back now, until their segments end
	HeldBytes   uint64 `json:"held_bytes"`  // and their bytes

	// The other exit, see Config.Exporter. A document that takes both is counted by each.
	Exported     uint64 `json:"exported"`
	NotExported  uint64 `json:"not_exported"`  // the collector took too long or refused them
	ExportFull   uint64 `json:"export_full"`   // made faster than the collector takes them
	ExportClosed uint64 `json:"export_closed"` // came after Close or were left by its deadline
}

// Dropped is how many documents were not sent to the daemon, for whatever reason.
func (c Counters) Dropped() uint64 {
	return c.notMade() + c.QueueFull + c.Unreachable + c.Refused + c.AfterClose
}

// ExportDropped is how many documents were not exported, for whatever reason.
func (c Counters) ExportDropped() uint64 {
	return c.notMade() + c.NotExported + c.ExportFull + c.ExportClosed
}

// notMade is how many documents came to no exit.
func (c Counters) notMade() uint64 {
	return c.Unsampled + c.Discarded + c.OverBudget + c.TooBig + c.HoldFull
}

// counter is Counters behind a lock.
type counter struct {
	mu sync.Mutex
	c  Counters
}

func (c *counter) add(count func(*Counters)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	count(&c.c)
}

func (c *counter) read() Counters {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.c
}
