package queue

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// address is the URL of a queue and what can be told from it without asking.
type address struct {
	url   string // as SQS wants it
	label string // as errors and logs show it: without a password
	fifo  bool   // SQS keeps the suffix .fifo for FIFO queues, and demands it
}

func parseAddress(raw string) (address, error) {
	if raw == "" {
		return address{}, errors.New("the queue URL is empty")
	}
	u, err := url.Parse(raw)
	if err != nil {
		// url.Error repeats the whole text, which may hold a password.
		var parse *url.Error
		if errors.As(err, &parse) {
			err = parse.Err
		}
		return address{}, fmt.Errorf("the queue URL is malformed: %w", err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || strings.Trim(u.Path, "/") == "" {
		return address{}, fmt.Errorf("the queue URL %q is not of the form https://host/account/name", u.Redacted())
	}
	return address{url: raw, label: u.Redacted(), fifo: strings.HasSuffix(u.Path, ".fifo")}, nil
}
