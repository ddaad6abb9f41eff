package sqs

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// receiveMessageInput: what is nil falls back to one message and to the queue's own timeouts. An SDK that cannot send a zero
// cannot ask for a short poll where the queue waits by default; that is so at AWS too.
type receiveMessageInput struct {
	QueueUrl                    string
	MaxNumberOfMessages         *int32
	VisibilityTimeout           *int32
	WaitTimeSeconds             *int32
	AttributeNames              []string // the older name of the next
	MessageSystemAttributeNames []string
	MessageAttributeNames       []string
}

type receivedMessage struct {
	MessageId              string
	ReceiptHandle          string
	Body                   string
	MD5OfBody              string
	Attributes             map[string]string    `json:",omitempty"`
	MessageAttributes      map[string]attribute `json:",omitempty"`
	MD5OfMessageAttributes string               `json:",omitempty"`
}

type receiveMessageOutput struct {
	Messages []receivedMessage `json:",omitempty"`
}

func (in *receiveMessageInput) check() error {
	if n := in.MaxNumberOfMessages; n != nil && (*n < 1 || *n > maxEntries) {
		return invalid("MaxNumberOfMessages", *n, "Must be between 1 and 10, if provided.")
	}
	if n := in.WaitTimeSeconds; n != nil && (*n < 0 || *n > 20) {
		return invalid("WaitTimeSeconds", *n, "Must be >= 0 and <= 20, if provided.")
	}
	if in.VisibilityTimeout != nil {
		return checkVisibility(*in.VisibilityTimeout)
	}
	return nil
}

// receiveMessage takes what there is, or waits until something changes, something becomes visible, or the wait is over.
func (s *Server) receiveMessage(ctx context.Context, in receiveMessageInput) (receiveMessageOutput, error) {
	if err := in.check(); err != nil {
		return receiveMessageOutput{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return receiveMessageOutput{}, err
	}
	deadline := s.now().Add(q.settings.wait)
	if in.WaitTimeSeconds != nil {
		deadline = s.now().Add(time.Duration(*in.WaitTimeSeconds) * time.Second)
	}
	for {
		// A client that hung up must take nothing: its message would be lost to others for a whole visibility timeout.
		if !alive(ctx) || s.stopping() {
			return receiveMessageOutput{}, nil
		}
		if q.gone {
			return receiveMessageOutput{}, noSuchQueue()
		}
		out, err := s.take(q, in)
		now := s.now()
		if err != nil || len(out.Messages) > 0 || !now.Before(deadline) {
			return out, err
		}
		until := deadline
		if at, ok := q.shelf.next(now); ok && at.Before(until) {
			until = at
		}
		changed := q.changed
		s.waiting++
		s.mu.Unlock()
		s.pause(ctx, changed, until.Sub(now))
		s.mu.Lock()
		s.waiting--
	}
}

// take delivers what is visible now. What was received too often goes to the dead-letter queue instead.
func (s *Server) take(q *queue, in receiveMessageInput) (receiveMessageOutput, error) {
	now := s.now()
	room, err := q.room(now, s.cfg.InFlightLimit)
	if err != nil || room == 0 {
		return receiveMessageOutput{}, err
	}
	most := 1
	if in.MaxNumberOfMessages != nil {
		most = int(*in.MaxNumberOfMessages)
	}
	most = min(most, room)
	visibility := q.settings.visibility
	if in.VisibilityTimeout != nil {
		visibility = time.Duration(*in.VisibilityTimeout) * time.Second
	}
	s.reorder(q)
	dead := s.byARN(q.settings.redrive.target)
	if dead == q { // SQS takes such a policy; it leads nowhere
		dead = nil
	}
	var taken []*message
	for m := range q.shelf.visible(now) {
		if q.expired(m, now) {
			q.remove(m)
			continue
		}
		if dead != nil && m.attempts >= q.settings.redrive.most {
			m.source = q.arn
			q.move(s, m, dead)
			continue
		}
		if taken = append(taken, m); len(taken) == most {
			break
		}
	}
	// Filed only now: with a visibility timeout of zero a message would be met again in the same answer.
	out := receiveMessageOutput{}
	for _, m := range taken {
		m.deliver(now, visibility)
		q.shelf.file(m)
		out.Messages = append(out.Messages, s.show(q, m, in))
		s.duplicate(q, m)
	}
	return out, nil
}

// deliver counts a receive and hides the message; the handle of the receive before is stale from here.
func (m *message) deliver(now time.Time, visibility time.Duration) {
	m.receives++
	m.attempts++
	m.delivery++
	m.received = now
	m.visible = now.Add(visibility)
	if m.first.IsZero() {
		m.first = now
	}
}

// room is how many more messages may be in flight. A full standard queue refuses, a full FIFO queue stays silent.
func (q *queue) room(now time.Time, limit int) (int, error) {
	if limit == 0 {
		limit = standardInFlight
		if q.fifo {
			limit = fifoInFlight
		}
	}
	if len(q.messages) < limit { // counting is not worth it
		return limit, nil
	}
	_, hidden, _ := q.count(now)
	if hidden >= limit && !q.fifo {
		return 0, &apiError{shape: "OverLimit", code: "OverLimit", status: http.StatusForbidden,
			message: "The maximum number of in flight messages is reached."}
	}
	return max(0, limit-hidden), nil
}

// show is the message as this receive asked for it.
func (s *Server) show(q *queue, m *message, in receiveMessageInput) receivedMessage {
	r := receivedMessage{MessageId: m.id, ReceiptHandle: handle{q.created.UnixNano(), m.entry, m.delivery}.String(), Body: m.body, MD5OfBody: m.digest}
	asked := slices.Concat(in.AttributeNames, in.MessageSystemAttributeNames)
	for name, value := range m.system(s.cfg.Account) {
		if value != "" && (slices.Contains(asked, "All") || slices.Contains(asked, name)) {
			if r.Attributes == nil {
				r.Attributes = map[string]string{}
			}
			r.Attributes[name] = value
		}
	}
	for name, a := range m.attributes {
		if slices.ContainsFunc(in.MessageAttributeNames, func(pattern string) bool { return matches(pattern, name) }) {
			if r.MessageAttributes == nil {
				r.MessageAttributes = map[string]attribute{}
			}
			r.MessageAttributes[name] = a
		}
	}
	r.MD5OfMessageAttributes = attributeDigest(r.MessageAttributes) // over those shown
	return r
}

// matches says whether a message attribute was asked for: "All", ".*", a name, or the beginning of names ("order.*").
func matches(pattern, name string) bool {
	if pattern == "All" || pattern == name {
		return true
	}
	start, ok := strings.CutSuffix(pattern, ".*")
	return ok && strings.HasPrefix(name, start)
}

// system is the message's system attributes, "" for those it lacks; times are milliseconds since 1970.
func (m *message) system(sender string) map[string]string {
	return map[string]string{
		"SenderId":                         sender,
		"SentTimestamp":                    strconv.FormatInt(m.sent.UnixMilli(), 10),
		"ApproximateReceiveCount":          strconv.Itoa(m.receives),
		"ApproximateFirstReceiveTimestamp": strconv.FormatInt(m.first.UnixMilli(), 10),
		"SequenceNumber":                   m.sequence,
		"MessageDeduplicationId":           m.deduplication,
		"MessageGroupId":                   m.group,
		traceHeader:                        m.trace,
		"DeadLetterQueueSourceArn":         m.source,
	}
}
