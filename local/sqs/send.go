package sqs

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// firstSequence makes sequence numbers twenty digits long from the start, as SQS's are.
const firstSequence = 10_000_000_000_000_000_000

// outgoing is what SendMessage and one entry of SendMessageBatch share.
type outgoing struct {
	MessageBody             *string
	DelaySeconds            *int32
	MessageAttributes       map[string]attribute
	MessageSystemAttributes map[string]attribute
	MessageGroupId          *string
	MessageDeduplicationId  *string
}

type sendMessageInput struct {
	QueueUrl string
	outgoing
}

type sendMessageOutput struct {
	MessageId                    string
	MD5OfMessageBody             string
	MD5OfMessageAttributes       string `json:",omitempty"`
	MD5OfMessageSystemAttributes string `json:",omitempty"`
	SequenceNumber               string `json:",omitempty"`
}

// sendMessage takes one message, or answers a FIFO duplicate like the first one.
func (s *Server) sendMessage(trace string, in sendMessageInput) (sendMessageOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return sendMessageOutput{}, err
	}
	if err := in.checkAddress(q); err != nil {
		return sendMessageOutput{}, err
	}
	if err := in.checkContent(q); err != nil {
		return sendMessageOutput{}, err
	}
	return s.send(q, in.outgoing, trace), nil
}

type sendMessageBatchEntry struct {
	Id string
	outgoing
}

type sendMessageBatchInput struct {
	QueueUrl string
	Entries  []sendMessageBatchEntry
}

type sendMessageBatchResult struct {
	Id string
	sendMessageOutput
}

type sendMessageBatchOutput struct {
	Successful []sendMessageBatchResult
	Failed     []batchFailure `json:",omitempty"`
}

// sendMessageBatch takes up to ten messages in their order. It fails as a whole by its ids, its size and FIFO addresses, and one by
// one by everything else.
func (s *Server) sendMessageBatch(trace string, in sendMessageBatchInput) (sendMessageBatchOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := sendMessageBatchOutput{Successful: []sendMessageBatchResult{}}
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return out, err
	}
	if err := checkBatch(in.Entries, func(e sendMessageBatchEntry) string { return e.Id }); err != nil {
		return out, err
	}
	total := 0
	for _, e := range in.Entries {
		if e.MessageBody != nil {
			total += size(*e.MessageBody, e.MessageAttributes)
		}
		// Unlike a bad body, a bad group or deduplication id refuses the whole batch, and as a value rather than as missing.
		if err := e.checkAddress(q); err != nil {
			if e := (*apiError)(nil); errors.As(err, &e) {
				return out, invalidValue(e.message)
			}
			return out, err
		}
	}
	if total > maxMessage {
		return out, old("BatchRequestTooLong", fmt.Sprintf("Batch requests cannot be longer than %d bytes. You have sent %d bytes.", maxMessage, total))
	}
	for _, e := range in.Entries {
		if err := e.checkContent(q); err != nil {
			out.Failed = append(out.Failed, failed(e.Id, err))
			continue
		}
		out.Successful = append(out.Successful, sendMessageBatchResult{e.Id, s.send(q, e.outgoing, trace)})
	}
	return out, nil
}

// checkAddress keeps the rules of groups and deduplication ids.
func (o *outgoing) checkAddress(q *queue) error {
	if o.MessageGroupId != nil { // a standard queue takes one too, for fairness between groups
		if err := checkFIFOID("MessageGroupId", *o.MessageGroupId); err != nil {
			return err
		}
	}
	if !q.fifo {
		if o.MessageDeduplicationId != nil {
			return invalid("MessageDeduplicationId", *o.MessageDeduplicationId, "The request include parameter that is not valid for this queue type.")
		}
		return nil
	}
	switch {
	case o.MessageDeduplicationId != nil:
		if err := checkFIFOID("MessageDeduplicationId", *o.MessageDeduplicationId); err != nil {
			return err
		}
	case !q.settings.contentBased:
		return invalidValue("The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	}
	if o.MessageGroupId == nil {
		return missing("MessageGroupId")
	}
	if o.DelaySeconds != nil && *o.DelaySeconds != 0 {
		return invalid("DelaySeconds", *o.DelaySeconds, "The request include parameter that is not valid for this queue type.")
	}
	return nil
}

// checkContent keeps the rules of body, attributes, delay and size.
func (o *outgoing) checkContent(q *queue) error {
	if o.MessageBody == nil || *o.MessageBody == "" {
		return missing("MessageBody")
	}
	if d := o.DelaySeconds; d != nil && (*d < 0 || *d > 900) {
		return invalid("DelaySeconds", *d, "DelaySeconds must be >= 0 and <= 900.")
	}
	if err := checkMessageAttributes(o.MessageAttributes); err != nil {
		return err
	}
	for name, a := range o.MessageSystemAttributes {
		if name != traceHeader {
			return invalidValue("Message system attribute '" + name + "' is not supported. Only AWSTraceHeader is.")
		}
		if a.DataType != "String" || a.StringValue == nil || *a.StringValue == "" {
			return invalidValue("Message (system) attribute '" + name + "' must contain a non-empty value of type 'String'.")
		}
	}
	if size(*o.MessageBody, o.MessageAttributes) > q.settings.maximum {
		return invalidValue(fmt.Sprintf("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", q.settings.maximum))
	}
	return checkText(*o.MessageBody)
}

const traceHeader = "AWSTraceHeader"

// send takes over a checked message. The trace header of the request stands in where the message brings none of its own.
func (s *Server) send(q *queue, o outgoing, trace string) sendMessageOutput {
	now := s.now()
	m := &message{id: s.cfg.NewID(), body: *o.MessageBody, digest: digest(*o.MessageBody), attributes: o.MessageAttributes,
		trace: trace, sent: now, retained: now, visible: now.Add(q.settings.delay)}
	if own, ok := o.MessageSystemAttributes[traceHeader]; ok {
		m.trace = *own.StringValue
	}
	if o.MessageGroupId != nil {
		m.group = *o.MessageGroupId
	}
	// On a FIFO queue only the queue's own delay counts; a zero is allowed there and means nothing.
	if o.DelaySeconds != nil && !q.fifo {
		m.visible = now.Add(time.Duration(*o.DelaySeconds) * time.Second)
	}
	out := sendMessageOutput{MessageId: m.id, MD5OfMessageBody: m.digest, MD5OfMessageAttributes: attributeDigest(m.attributes),
		MD5OfMessageSystemAttributes: attributeDigest(o.MessageSystemAttributes)}
	if q.fifo {
		m.deduplication = contentID(m.body)
		if o.MessageDeduplicationId != nil {
			m.deduplication = *o.MessageDeduplicationId
		}
		key := q.key(m.group, m.deduplication)
		if first, ok := q.seen.recall(key, now); ok {
			out.MessageId, out.SequenceNumber = first.id, first.sequence
			return out
		}
		s.sequences++
		m.sequence = strconv.FormatUint(s.sequences, 10)
		out.SequenceNumber = m.sequence
		q.seen.remember(key, accepted{m.id, m.sequence}, now)
	}
	q.add(s, m)
	return out
}
