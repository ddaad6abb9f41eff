package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// The bounds of looking at dead letters.
const (
	defaultHold = time.Minute
	lookWait    = time.Second      // of one receive: long enough for SQS to ask all of its servers
	afterLook   = 10 * time.Second // for deleting what was decided on, and for making visible again what was kept
	idleLooks   = 3                // receives in a row that bring nothing new, as of a letter delivered twice
)

// Verdict is what becomes of a letter that was looked at.
type Verdict int

const (
	Keep   Verdict = iota // it stays
	Remove                // it is deleted
)

// ErrEnough ends Browse after the letter at hand, and is not returned by it.
var ErrEnough = errors.New("enough letters")

// Browse receives dead letters and calls look with each, once: up to limit of them, all that can be had where limit is 0. It
// ends with look's first error. Letters that are kept are hidden from others until Browse returns, which makes them visible
// again whatever happened; if this process dies, the time of Hold does. Each look counts as a receive.
//
// Of a FIFO queue no more than the first ten letters of a group can be had at once; those behind them follow as the first are
// removed, in their order.
//
// The answer is about how many letters there are beside those looked at: not asked for, behind others of their group, or
// hidden because somebody else looks at them.
func (d *DeadLetters) Browse(ctx context.Context, limit int, look func(context.Context, Letter) (Verdict, error)) (more int, err error) {
	// Counted before, in flight or not: SQS's figures follow a receive only after a while, but their sum stays.
	about, err := Inspect(ctx, d.client, d.queue.url)
	if err != nil {
		return 0, fmt.Errorf("browse dead letters: %w", err)
	}
	b := browsing{DeadLetters: d, look: look, kept: map[string]string{}, gone: map[string]bool{}}
	err = b.browse(ctx, limit)
	more = about.Waiting + about.InFlight + about.Delayed - len(b.kept) - len(b.gone)
	return max(0, more), errors.Join(err, b.putBack(ctx))
}

// browsing is one Browse.
type browsing struct {
	*DeadLetters
	look func(context.Context, Letter) (Verdict, error)
	kept map[string]string // message id → the last receipt
	gone map[string]bool   // message ids of those removed
}

func (b *browsing) browse(ctx context.Context, limit int) error {
	for seen, idle := 0, 0; (limit == 0 || seen < limit) && idle < idleLooks; {
		want := maxBatch
		if limit > 0 {
			want = min(want, limit-seen)
		}
		letters, err := b.receive(ctx, want)
		if err != nil || len(letters) == 0 {
			return err
		}
		fresh, err := b.hide(ctx, letters)
		if err != nil {
			return err
		}
		if idle++; len(fresh) > 0 {
			idle = 0
		}
		for _, letter := range fresh {
			seen++
			verdict, err := b.look(ctx, letter)
			// What was decided before an error is done all the same: a letter that was sent on must not be sent again.
			if removed := b.settle(ctx, letter, verdict); removed != nil {
				return errors.Join(err, removed)
			}
			if errors.Is(err, ErrEnough) {
				return nil
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// hide notes the letters as ours and returns those not met before. A batch is noted whole before any of it is looked at, so
// that an error in the middle puts the others back. One that was removed and that SQS delivers once more is removed again.
func (b *browsing) hide(ctx context.Context, letters []Letter) (fresh []Letter, err error) {
	for _, letter := range letters {
		if _, met := b.kept[letter.ID]; !met && !b.gone[letter.ID] {
			fresh = append(fresh, letter)
		}
		b.kept[letter.ID] = letter.ReceiptHandle
	}
	for _, letter := range letters {
		if b.gone[letter.ID] {
			err = errors.Join(err, b.settle(ctx, letter, Remove))
		}
	}
	return fresh, err
}

func (b *browsing) settle(ctx context.Context, letter Letter, verdict Verdict) error {
	if verdict != Remove {
		return nil
	}
	// Past the end of ctx: it may have been sent on already.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterLook)
	defer cancel()
	_, err := b.client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &b.queue.url, ReceiptHandle: &letter.ReceiptHandle})
	if err != nil {
		return fmt.Errorf("delete dead letter %q: %w", letter.ID, explain(ctx, b.client, err))
	}
	delete(b.kept, letter.ID)
	b.gone[letter.ID] = true
	return nil
}

func (b *browsing) receive(ctx context.Context, n int) ([]Letter, error) {
	out, err := b.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl:                    &b.queue.url,
		MaxNumberOfMessages:         int32(n),
		WaitTimeSeconds:             seconds(lookWait),
		VisibilityTimeout:           seconds(b.hold),
		MessageSystemAttributeNames: systemAttributes,
		MessageAttributeNames:       []string{"All"},
	})
	if err != nil {
		return nil, fmt.Errorf("receive from dead-letter queue %q: %w", b.queue.label, explain(ctx, b.client, err))
	}
	at := time.Now()
	letters := make([]Letter, len(out.Messages))
	for i, raw := range out.Messages {
		letters[i] = Letter{Message: read(raw, at), attributes: raw.MessageAttributes}
	}
	return letters, nil
}

// putBack makes the kept letters visible again, also when ctx has ended.
func (b *browsing) putBack(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterLook)
	defer cancel()
	var entries []types.ChangeMessageVisibilityBatchRequestEntry
	var errs []error
	flush := func() {
		if len(entries) == 0 {
			return
		}
		out, err := b.client.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &b.queue.url, Entries: entries})
		if err == nil {
			err = unreleased(out.Failed)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("make dead letters visible again, which they are by themselves within %s: %w", b.hold, err))
		}
		entries = nil
	}
	for _, receipt := range b.kept {
		id := strconv.Itoa(len(entries))
		entries = append(entries, types.ChangeMessageVisibilityBatchRequestEntry{Id: &id, ReceiptHandle: &receipt})
		if len(entries) == maxBatch {
			flush()
		}
	}
	flush()
	return errors.Join(errs...)
}

// unreleased is the first failure that leaves a letter hidden. The others are of letters that were not ours any more:
// visible again already, or gone.
func unreleased(failed []types.BatchResultErrorEntry) error {
	for _, f := range failed {
		if !f.SenderFault {
			return fmt.Errorf("%s: %s", text(f.Code), text(f.Message))
		}
	}
	return nil
}
