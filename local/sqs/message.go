package sqs

import "time"

// message is one entry of one queue. The server's mutex guards it.
type message struct {
	// entry numbers arrivals: increasing within a server, new when the message moves to another queue. A duplicate delivery
	// is another entry with the same id.
	entry      uint64
	id         string
	body       string
	digest     string // hex MD5 of body
	attributes map[string]attribute
	trace      string // AWSTraceHeader, "" for none

	group, deduplication string
	sequence             string // FIFO only
	source               string // ARN of the queue that dead-lettered it

	sent      time.Time
	retained  time.Time // retention counts from here
	visible   time.Time // receivable from here
	received  time.Time // in this queue: the last receive, zero for none
	first     time.Time // the first receive anywhere
	receives  int       // anywhere
	attempts  int       // receives in this queue; the redrive policy counts these
	delivery  uint64    // number of the last receive, part of the receipt handle
	placement any       // where it stands; owned by the shelf
}

// attribute is a message attribute as it travels.
type attribute struct {
	DataType         string
	StringValue      *string  `json:",omitempty"`
	BinaryValue      []byte   `json:",omitempty"`
	StringListValues []string `json:",omitempty"`
	BinaryListValues [][]byte `json:",omitempty"`
}

// hidden says whether the message is in flight: received and not yet visible again.
func (m *message) hidden(now time.Time) bool { return !m.received.IsZero() && m.visible.After(now) }

// add puts a new arrival into the queue and wakes the polls.
func (q *queue) add(s *Server, m *message) {
	s.entries++
	m.entry = s.entries
	q.messages[m.entry] = m
	q.shelf.file(m)
	q.wake()
}

// remove forgets the message; its handles lead nowhere from here.
func (q *queue) remove(m *message) {
	delete(q.messages, m.entry)
	q.shelf.remove(m)
}

// move takes the message to another queue, where it is visible at once and its receives count anew for redrive.
func (q *queue) move(s *Server, m *message, to *queue) {
	q.remove(m)
	m.received, m.attempts = time.Time{}, 0
	m.visible = s.now()
	if to.fifo {
		m.retained = m.visible // a standard queue goes on counting from when the message was first sent
		m.deduplication = m.id // two messages that once shared an id must not shadow one another
	}
	to.add(s, m)
}

func (q *queue) expired(m *message, now time.Time) bool {
	return now.Sub(m.retained) >= q.settings.retention
}

// expire drops what outlived the retention period.
func (q *queue) expire(now time.Time) {
	for _, m := range q.messages {
		if q.expired(m, now) {
			q.remove(m)
		}
	}
}

// count is how many messages can be received, are in flight, or are delayed. It looks at each: only attributes and limits ask.
func (q *queue) count(now time.Time) (visible, hidden, delayed int) {
	for _, m := range q.messages {
		switch {
		case !m.visible.After(now):
			visible++
		case m.hidden(now):
			hidden++
		default:
			delayed++
		}
	}
	return visible, hidden, delayed
}
