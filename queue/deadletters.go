package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// ErrNoDeadLetters says that the queue's redrive policy names no dead-letter queue.
var ErrNoDeadLetters = errNoDeadLetterQueue

// DeadLettersConfig says whose dead letters are meant. Client is needed, and one of the two URLs.
type DeadLettersConfig struct {
	Client        *sqs.Client   // its retries are used
	QueueURL      string        // of the queue whose dead letters they are; "" = nothing can be sent back
	DeadLetterURL string        // "" = the queue that the redrive policy of QueueURL names
	Hold          time.Duration // how long a letter that is looked at is hidden from others, whole seconds; 0 = 1 min
}

// DeadLetters are the messages of a dead-letter queue, for people who look at them and decide.
type DeadLetters struct {
	client  *sqs.Client
	home    address // zero when there is none
	homeARN string
	queue   address
	hold    time.Duration
}

// OpenDeadLetters finds the dead-letter queue. Errors wrap ErrNoDeadLetters, or those of Inspect. A queue that itself moves
// messages on after some receives is refused: looking at them would be enough to lose them from sight.
func OpenDeadLetters(ctx context.Context, cfg DeadLettersConfig) (*DeadLetters, error) {
	if cfg.Client == nil {
		return nil, errors.New("open dead letters: no SQS client")
	}
	d := &DeadLetters{client: cfg.Client, hold: orDefault(cfg.Hold, defaultHold)}
	if !wholeSeconds(d.hold, maxVisibility) {
		return nil, fmt.Errorf("open dead letters: hold %s is not a whole number of seconds from 1 s to %s", d.hold, maxVisibility)
	}
	if err := d.find(ctx, cfg); err != nil {
		return nil, fmt.Errorf("open dead letters: %w", err)
	}
	found, err := Inspect(ctx, d.client, d.queue.url)
	if err != nil {
		return nil, fmt.Errorf("open dead letters: %w", err)
	}
	if found.DeadLetterARN != "" {
		return nil, fmt.Errorf("open dead letters: queue %q has a redrive policy of its own: a look counts as a receive, and after %d of them a message moves on",
			d.queue.label, found.MaxReceiveCount)
	}
	return d, nil
}

// find sets the two queues.
func (d *DeadLetters) find(ctx context.Context, cfg DeadLettersConfig) error {
	dead := cfg.DeadLetterURL
	if cfg.QueueURL != "" || dead == "" {
		home, err := parseAddress(cfg.QueueURL)
		if err != nil {
			return err
		}
		about, err := Inspect(ctx, d.client, home.url)
		if err != nil {
			return err
		}
		d.home, d.homeARN = home, about.ARN
		if dead == "" && about.DeadLetterARN == "" {
			return fmt.Errorf("queue %q: %w", home.label, ErrNoDeadLetters)
		}
		if dead == "" {
			if dead, err = lookUp(ctx, d.client, about.DeadLetterARN); err != nil {
				return err
			}
		}
	}
	var err error
	if d.queue, err = parseAddress(dead); err != nil {
		return err
	}
	if d.queue.url == d.home.url {
		return fmt.Errorf("queue %q is the queue itself, not that of its dead letters", d.queue.label)
	}
	return nil
}

// URL is the dead-letter queue's.
func (d *DeadLetters) URL() string { return d.queue.url }
