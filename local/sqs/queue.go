package sqs

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// deletedFor is how long the name of a deleted queue may not be used again.
const deletedFor = 60 * time.Second

// queue is one queue and everything in it. The server's mutex guards it.
type queue struct {
	name, arn string
	fifo      bool
	created   time.Time
	modified  time.Time
	purged    time.Time // the last PurgeQueue
	raw       map[string]string
	settings  settings // raw, parsed
	tags      map[string]string

	messages map[uint64]*message // by entry
	shelf    shelf
	seen     *deduplication // FIFO only
	tasks    []*moveTask    // those that started from this queue, oldest first
	gone     bool           // deleted: polls that still wait end with an error
	changed  chan struct{}  // closed and replaced when a waiting poll should look again
}

// wake makes every waiting poll look again.
func (q *queue) wake() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// clear drops every message and every deduplication record.
func (q *queue) clear() {
	q.messages = map[uint64]*message{}
	if q.fifo {
		q.shelf, q.seen = newGrouped(), newDeduplication()
		return
	}
	q.shelf = newLoose()
}

// find is the queue of a URL http://host:port/account/name. Only the path counts, so that a forwarded port works.
func (s *Server) find(address string) (*queue, error) {
	if address == "" {
		return nil, missing("QueueUrl")
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, failure(http.StatusBadRequest, "InvalidAddress", "The address "+address+" is not valid for this endpoint.")
	}
	account, name, ok := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	q := s.queues[name]
	if !ok || account != s.cfg.Account || q == nil {
		return nil, noSuchQueue()
	}
	return q, nil
}

// byARN is the queue of an ARN, or nil.
func (s *Server) byARN(arn string) *queue {
	name, ok := strings.CutPrefix(arn, s.arn(""))
	if !ok {
		return nil
	}
	return s.queues[name]
}

// arn is the ARN that a queue of this name has or would have.
func (s *Server) arn(name string) string {
	return "arn:aws:sqs:" + s.cfg.Region + ":" + s.cfg.Account + ":" + name
}

type createQueueInput struct {
	QueueName  string
	Attributes map[string]string
	Tags       map[string]string `json:"tags"`
}

type queueURL struct{ QueueUrl string }

// createQueue makes a queue, or gives the URL of one that has the name already and differs in nothing that was asked for.
func (s *Server) createQueue(_ context.Context, in createQueueInput) (queueURL, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fifo, err := checkQueueName(in.QueueName, in.Attributes)
	if err != nil {
		return queueURL{}, err
	}
	given, err := s.checkAttributes(in.Attributes, s.arn(in.QueueName), fifo)
	if err != nil {
		return queueURL{}, err
	}
	if q := s.queues[in.QueueName]; q != nil {
		return queueURL{s.QueueURL(q.name)}, q.sameAs(given)
	}
	now := s.now()
	maps.DeleteFunc(s.deleted, func(_ string, at time.Time) bool { return now.Sub(at) >= deletedFor })
	if _, recent := s.deleted[in.QueueName]; recent {
		return queueURL{}, old("QueueDeletedRecently", "You must wait 60 seconds after deleting a queue before you can create another with the same name.")
	}
	if err := checkTags(in.Tags); err != nil {
		return queueURL{}, err
	}
	q := &queue{name: in.QueueName, arn: s.arn(in.QueueName), fifo: fifo, created: now, modified: now,
		raw: defaults(fifo), tags: map[string]string{}, changed: make(chan struct{})}
	maps.Copy(q.tags, in.Tags)
	q.set(given)
	q.clear()
	s.queues[q.name] = q
	return queueURL{s.QueueURL(q.name)}, nil
}

// sameAs refuses attributes that differ from those of a queue that exists already.
func (q *queue) sameAs(given map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if q.raw[name] != given[name] {
			return &apiError{shape: "QueueNameExists", code: "QueueAlreadyExists", status: http.StatusBadRequest,
				message: "A queue already exists with the same name and a different value for attribute " + name}
		}
	}
	return nil
}

// deleteQueue drops a queue with all its messages at once; AWS takes up to a minute. Polls that wait on it end with an error.
func (s *Server) deleteQueue(_ context.Context, in queueURL) (nothing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nothing{}, err
	}
	q.gone = true
	delete(s.queues, q.name)
	s.deleted[q.name] = s.now()
	q.wake()
	return nothing{}, nil
}

// getQueueURL knows the queues of this account only.
func (s *Server) getQueueURL(_ context.Context, in struct{ QueueName, QueueOwnerAWSAccountId string }) (queueURL, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if in.QueueName == "" {
		return queueURL{}, missing("QueueName")
	}
	owner := in.QueueOwnerAWSAccountId
	if s.queues[in.QueueName] == nil || owner != "" && owner != s.cfg.Account {
		return queueURL{}, noSuchQueue()
	}
	return queueURL{s.QueueURL(in.QueueName)}, nil
}

// purgeEvery is how long a queue is closed to a second PurgeQueue.
const purgeEvery = 60 * time.Second

// purgeQueue drops every message, in flight or not, and forgets deduplication ids.
func (s *Server) purgeQueue(_ context.Context, in queueURL) (nothing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nothing{}, err
	}
	now := s.now()
	if !q.purged.IsZero() && now.Sub(q.purged) < purgeEvery {
		return nothing{}, &apiError{shape: "PurgeQueueInProgress", code: prefix + "PurgeQueueInProgress", status: http.StatusForbidden,
			message: "Only one PurgeQueue operation on " + q.name + " is allowed every 60 seconds."}
	}
	q.purged = now
	q.clear()
	return nothing{}, nil
}
