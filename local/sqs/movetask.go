package sqs

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"time"
)

// The states of a move task, as they travel.
const (
	taskRunning    = "RUNNING"
	taskCompleted  = "COMPLETED"
	taskCancelling = "CANCELLING"
	taskCancelled  = "CANCELLED"
	taskFailed     = "FAILED"
)

// moveTask moves the messages of a dead-letter queue on: to one destination, or each to the queue it came from.
type moveTask struct {
	id, from, to string // ARNs; to is "" for back to the source
	rate         int32  // messages a second; 0 is as fast as it goes
	started      time.Time
	status       string
	failure      string // why it is FAILED
	total, moved int64
}

// taskHandle is what a caller holds: base64 of this as JSON.
type taskHandle struct {
	TaskID    string `json:"taskId"`
	SourceARN string `json:"sourceArn"`
}

type startMessageMoveTaskInput struct {
	SourceArn, DestinationArn    string
	MaxNumberOfMessagesPerSecond *int32
}

type taskHandleOutput struct{ TaskHandle string }

// startMessageMoveTask begins to empty a dead-letter queue and answers at once. A source has one task at a time; the destination
// must exist and be of the same kind.
func (s *Server) startMessageMoveTask(_ context.Context, in startMessageMoveTaskInput) (taskHandleOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.taskSource(in.SourceArn)
	if err != nil {
		return taskHandleOutput{}, err
	}
	dead := false
	for _, source := range s.queues {
		dead = dead || source.settings.redrive.target == q.arn
	}
	if !dead {
		return taskHandleOutput{}, invalidValue("Source queue must be configured as a Dead Letter Queue.")
	}
	if in.DestinationArn != "" {
		to := s.byARN(in.DestinationArn)
		switch {
		case to == nil:
			return taskHandleOutput{}, noSuchResource("The resource that you specified for the DestinationArn parameter doesn't exist.")
		case to == q:
			return taskHandleOutput{}, invalidValue("Source and destination queue must not be the same.")
		case to.fifo != q.fifo:
			return taskHandleOutput{}, invalidValue("Source and destination queue must be of the same type.")
		}
	}
	t := &moveTask{id: s.cfg.NewID(), from: q.arn, to: in.DestinationArn, started: s.now(), status: taskRunning}
	if r := in.MaxNumberOfMessagesPerSecond; r != nil {
		if *r < 1 || *r > 500 {
			return taskHandleOutput{}, invalid("MaxNumberOfMessagesPerSecond", *r, "Must be between 1 and 500, if provided.")
		}
		t.rate = *r
	}
	if n := len(q.tasks); n > 0 && q.tasks[n-1].active() {
		return taskHandleOutput{}, invalidValue("There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
	}
	visible, _, _ := q.count(t.started)
	t.total = int64(visible)
	q.tasks = append(q.tasks, t)
	if len(q.tasks) > 10 { // ListMessageMoveTasks shows no more
		q.tasks = slices.Delete(q.tasks, 0, len(q.tasks)-10)
	}
	s.running.Go(func() { s.run(q, t) })
	return taskHandleOutput{t.handle()}, nil
}

// taskSource is the queue of a SourceArn.
func (s *Server) taskSource(arn string) (*queue, error) {
	if arn == "" {
		return nil, missing("SourceArn")
	}
	if q := s.byARN(arn); q != nil {
		return q, nil
	}
	return nil, noSuchResource("The resource that you specified for the SourceArn parameter doesn't exist.")
}

// run moves one message after another until the queue has none that is visible, the task is cancelled or cannot go on, or the
// server stops. The first message moves at once.
func (s *Server) run(q *queue, t *moveTask) {
	s.mu.Lock()
	defer s.mu.Unlock()
	due := t.started
	for !s.stopping() {
		now := s.now()
		switch {
		case t.status == taskCancelling:
			t.status = taskCancelled
			return
		case now.Before(due):
			changed := q.changed
			s.mu.Unlock()
			s.pause(context.Background(), changed, due.Sub(now))
			s.mu.Lock()
			continue
		}
		if t.step(s, q, now); t.status != taskRunning {
			return
		}
		if t.rate > 0 {
			due = due.Add(time.Second / time.Duration(t.rate))
			continue
		}
		s.mu.Unlock() // let others in between
		s.mu.Lock()
	}
}

// step moves the next message. It arrives as a new one: new id, new times, received by nobody yet.
func (t *moveTask) step(s *Server, q *queue, now time.Time) {
	var m *message
	for m = range q.shelf.visible(now) {
		break
	}
	if m == nil || q.gone {
		t.status = taskCompleted
		return
	}
	destination := t.to
	if destination == "" {
		destination = m.source
	}
	if destination == "" {
		t.status, t.failure = taskFailed, "CouldNotDetermineMessageSource"
		return
	}
	to := s.byARN(destination)
	if to == nil {
		t.status, t.failure = taskFailed, prefix+"NonExistentQueue"
		return
	}
	m.id, m.sent, m.retained, m.first, m.receives, m.source = s.cfg.NewID(), now, now, time.Time{}, 0, ""
	q.move(s, m, to)
	t.moved++
}

func (t *moveTask) active() bool { return t.status == taskRunning || t.status == taskCancelling }

func (t *moveTask) handle() string {
	b, _ := json.Marshal(taskHandle{t.id, t.from}) // two strings
	return base64.StdEncoding.EncodeToString(b)
}

type cancelMessageMoveTaskOutput struct{ ApproximateNumberOfMessagesMoved int64 }

// cancelMessageMoveTask asks a task to stop; it moves nothing more, and what it moved stays moved.
func (s *Server) cancelMessageMoveTask(_ context.Context, in taskHandleOutput) (cancelMessageMoveTaskOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if in.TaskHandle == "" {
		return cancelMessageMoveTaskOutput{}, missing("TaskHandle")
	}
	var h taskHandle
	b, err := base64.StdEncoding.DecodeString(in.TaskHandle)
	if err != nil || json.Unmarshal(b, &h) != nil || h.TaskID == "" {
		return cancelMessageMoveTaskOutput{}, invalidValue("Value for parameter TaskHandle is invalid.")
	}
	q, err := s.taskSource(h.SourceARN)
	if err != nil {
		return cancelMessageMoveTaskOutput{}, err
	}
	i := slices.IndexFunc(q.tasks, func(t *moveTask) bool { return t.id == h.TaskID })
	if i < 0 {
		return cancelMessageMoveTaskOutput{}, noSuchResource("Task does not exist.")
	}
	t := q.tasks[i]
	if t.status != taskRunning {
		return cancelMessageMoveTaskOutput{}, invalidValue("Only active tasks can be cancelled.")
	}
	t.status = taskCancelling
	q.wake()
	return cancelMessageMoveTaskOutput{t.moved}, nil
}

type listMessageMoveTasksInput struct {
	SourceArn  string
	MaxResults *int32
}

type moveTaskResult struct {
	TaskHandle                        string `json:",omitempty"` // while it runs
	Status                            string
	SourceArn                         string
	DestinationArn                    string `json:",omitempty"`
	MaxNumberOfMessagesPerSecond      int32  `json:",omitempty"`
	ApproximateNumberOfMessagesMoved  int64
	ApproximateNumberOfMessagesToMove int64
	FailureReason                     string `json:",omitempty"`
	StartedTimestamp                  int64  // milliseconds since 1970
}

type listMessageMoveTasksOutput struct{ Results []moveTaskResult }

// listMessageMoveTasks shows the latest tasks of a source, the newest first: one unless asked for up to ten.
func (s *Server) listMessageMoveTasks(_ context.Context, in listMessageMoveTasksInput) (listMessageMoveTasksOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := listMessageMoveTasksOutput{Results: []moveTaskResult{}}
	most := 1
	if n := in.MaxResults; n != nil {
		if *n < 1 || *n > 10 {
			return out, invalid("MaxResults", *n, "Must be between 1 and 10, if provided.")
		}
		most = int(*n)
	}
	q, err := s.taskSource(in.SourceArn)
	if err != nil {
		return out, err
	}
	for _, t := range slices.Backward(q.tasks) {
		if len(out.Results) == most {
			break
		}
		r := moveTaskResult{Status: t.status, SourceArn: t.from, DestinationArn: t.to, MaxNumberOfMessagesPerSecond: t.rate,
			ApproximateNumberOfMessagesMoved: t.moved, ApproximateNumberOfMessagesToMove: t.total,
			FailureReason: t.failure, StartedTimestamp: t.started.UnixMilli()}
		if t.active() {
			r.TaskHandle = t.handle()
		}
		out.Results = append(out.Results, r)
	}
	return out, nil
}
