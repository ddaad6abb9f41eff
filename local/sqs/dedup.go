package sqs

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// window is how long a FIFO queue remembers a deduplication id, whatever became of the message.
const window = 5 * time.Minute

// deduplication remembers what was sent to a FIFO queue within the window.
type deduplication struct {
	sent  map[string]accepted
	order []remembered // oldest first
}

// accepted is what a send was answered with, and its duplicates are too.
type accepted struct{ id, sequence string }

type remembered struct {
	key string
	at  time.Time
}

func newDeduplication() *deduplication { return &deduplication{sent: map[string]accepted{}} }

// key is the id, within the group where the queue says so.
func (q *queue) key(group, id string) string {
	if q.settings.perGroup {
		return group + "\x00" + id // neither may contain it
	}
	return id
}

// recall is the answer to the send with this key within the window, if there was one.
func (d *deduplication) recall(key string, now time.Time) (accepted, bool) {
	for len(d.order) > 0 && now.Sub(d.order[0].at) >= window {
		delete(d.sent, d.order[0].key)
		d.order = d.order[1:]
	}
	a, ok := d.sent[key]
	return a, ok
}

func (d *deduplication) remember(key string, a accepted, now time.Time) {
	d.sent[key] = a
	d.order = append(d.order, remembered{key, now})
}

// contentID is the deduplication id that a body has by itself: its SHA-256, hex.
func contentID(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}
