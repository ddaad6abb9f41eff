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
	switch {
	case err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && strings.Trim(u.Path, "/") != "":
	case strings.Contains(raw, "@"):
		// What cannot be taken apart cannot be freed of its password, so nothing of it is shown.
		return address{}, errors.New("the queue URL is not of the form https://host/account/name")
	default:
		return address{}, fmt.Errorf("the queue URL %q is not of the form https://host/account/name", raw)
	}
	return address{url: raw, label: u.Redacted(), fifo: strings.HasSuffix(u.Path, ".fifo")}, nil
}
