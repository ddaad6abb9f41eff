package sqs

import (
	"context"
	"time"
)

// receipt names one delivery, alone or as an entry of a batch.
type receipt struct {
	Id            string
	ReceiptHandle string
}

// batchOutput answers each entry of a batch, in its order: AWS says 200 even when all of them failed.
type batchOutput struct {
	Successful []batchSuccess
	Failed     []batchFailure `json:",omitempty"`
}

type batchSuccess struct{ Id string }

func (b *batchOutput) add(id string, err error) {
	if err != nil {
		b.Failed = append(b.Failed, failed(id, err))
		return
	}
	b.Successful = append(b.Successful, batchSuccess{id})
}

type deleteMessageInput struct {
	QueueUrl string
	receipt
}

// deleteMessage ends the life of a message.
func (s *Server) deleteMessage(_ context.Context, in deleteMessageInput) (nothing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nothing{}, err
	}
	return nothing{}, s.drop(q, in.receipt)
}

type deleteMessageBatchInput struct {
	QueueUrl string
	Entries  []receipt
}

// deleteMessageBatch is deleteMessage for up to ten, each by itself.
func (s *Server) deleteMessageBatch(_ context.Context, in deleteMessageBatchInput) (batchOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := batchOutput{Successful: []batchSuccess{}}
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return out, err
	}
	if err := checkBatch(in.Entries, func(e receipt) string { return e.Id }); err != nil {
		return out, err
	}
	for _, e := range in.Entries {
		out.add(e.Id, s.drop(q, e))
	}
	return out, nil
}

// drop deletes a message. Deleting what is gone is fine; on a standard queue so is an old handle, which deletes nothing when the
// message was received again since. A FIFO queue wants the latest handle, before its visibility timeout ended.
func (s *Server) drop(q *queue, r receipt) error {
	m, h, err := q.delivered(r.ReceiptHandle)
	if err != nil || m == nil {
		return err
	}
	if q.fifo && m.stale(h, s.now()) {
		return expired(r.ReceiptHandle)
	}
	if h.delivery != m.delivery {
		return nil
	}
	q.remove(m)
	if q.fifo { // the rest of its group may be free now
		q.wake()
	}
	return nil
}

// stale says whether the handle no longer holds the message.
func (m *message) stale(h handle, now time.Time) bool {
	return h.delivery != m.delivery || !m.visible.After(now)
}

func expired(handle string) error {
	return invalid("ReceiptHandle", handle, "The receipt handle has expired.")
}

// extension is a receipt with a new visibility timeout in seconds, counted from now.
type extension struct {
	receipt
	VisibilityTimeout *int32
}

type changeMessageVisibilityInput struct {
	QueueUrl string
	extension
}

// changeMessageVisibility holds a message longer or, with zero, puts it back.
func (s *Server) changeMessageVisibility(_ context.Context, in changeMessageVisibilityInput) (nothing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nothing{}, err
	}
	return nothing{}, s.extend(q, in.extension)
}

type changeMessageVisibilityBatchInput struct {
	QueueUrl string
	Entries  []extension
}

// changeMessageVisibilityBatch is changeMessageVisibility for up to ten, each by itself.
func (s *Server) changeMessageVisibilityBatch(_ context.Context, in changeMessageVisibilityBatchInput) (batchOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := batchOutput{Successful: []batchSuccess{}}
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return out, err
	}
	if err := checkBatch(in.Entries, func(e extension) string { return e.Id }); err != nil {
		return out, err
	}
	for _, e := range in.Entries {
		out.add(e.Id, s.extend(q, e))
	}
	return out, nil
}

// extend sets when the message becomes visible again. On a standard queue this works with an old handle and after the timeout
// ended, as long as the message is there.
func (s *Server) extend(q *queue, e extension) error {
	m, h, err := q.delivered(e.ReceiptHandle)
	if err != nil {
		return err
	}
	if e.VisibilityTimeout == nil {
		return missing("VisibilityTimeout")
	}
	if err := checkVisibility(*e.VisibilityTimeout); err != nil {
		return err
	}
	now := s.now()
	if m == nil || m.received.IsZero() {
		return invalid("ReceiptHandle", e.ReceiptHandle, "Message does not exist or is not available for visibility timeout change.")
	}
	if q.fifo && m.stale(h, now) {
		return expired(e.ReceiptHandle)
	}
	until := now.Add(time.Duration(*e.VisibilityTimeout) * time.Second)
	// The twelve hours count from the receive, however often the timeout was extended since. Whole seconds are compared, so that
	// the full twelve can be asked for right after it.
	if *e.VisibilityTimeout > 0 && until.Sub(m.received).Truncate(time.Second) > maxVisibility*time.Second {
		return invalid("VisibilityTimeout", *e.VisibilityTimeout, "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]")
	}
	m.visible = until
	q.shelf.file(m)
	q.wake()
	return nil
}
