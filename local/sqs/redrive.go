package sqs

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// redrivePolicy sends a message that was received most times to the dead-letter queue target, an ARN. The zero value never does.
type redrivePolicy struct {
	target string
	most   int
}

const maxReceives = 1000

// parseRedrive reads {"deadLetterTargetArn": "…", "maxReceiveCount": 5}; the count may be a number or a string of digits.
// "" is no policy.
func parseRedrive(text string) (redrivePolicy, error) {
	if text == "" {
		return redrivePolicy{}, nil
	}
	refuse := func(reason string) (redrivePolicy, error) {
		return redrivePolicy{}, invalid("RedrivePolicy", text, reason)
	}
	var p struct {
		Target *string         `json:"deadLetterTargetArn"`
		Most   json.RawMessage `json:"maxReceiveCount"`
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return refuse("Redrive policy is not a valid JSON map.")
	}
	if p.Target == nil || *p.Target == "" {
		return refuse("Redrive policy does not contain mandatory attribute: deadLetterTargetArn.")
	}
	if p.Most == nil {
		return refuse("Redrive policy does not contain mandatory attribute: maxReceiveCount.")
	}
	most, err := strconv.Atoi(strings.Trim(string(p.Most), `"`))
	if err != nil || most < 1 || most > maxReceives {
		return refuse("Invalid value for maxReceiveCount: " + string(p.Most) + ", valid values are from 1 to 1000 both inclusive.")
	}
	return redrivePolicy{*p.Target, most}, nil
}

// checkRedrive also looks at the target: it must exist, be of the same kind and let this account's queues in.
func (s *Server) checkRedrive(text, arn string, fifo bool) error {
	p, err := parseRedrive(text)
	if err != nil || p.target == "" {
		return err
	}
	dead := s.byARN(p.target)
	switch {
	case dead == nil:
		return invalid("RedrivePolicy", text, "Dead letter target does not exist.")
	case dead.fifo != fifo:
		return invalid("RedrivePolicy", text, "Dead-letter queue must be same type of queue as the source.")
	case !dead.settings.allow.lets(arn):
		return invalid("RedrivePolicy", text, "The dead-letter queue's redrive permission does not allow this queue.")
	}
	return nil
}

// redriveAllowPolicy says which queues may name this one as their dead-letter queue; the zero value lets all.
type redriveAllowPolicy struct {
	denied bool
	only   []string // ARNs, with byQueue
}

// lets says whether the queue of this ARN may use the one with the policy.
func (p redriveAllowPolicy) lets(arn string) bool {
	return !p.denied && (len(p.only) == 0 || slices.Contains(p.only, arn))
}

const maxAllowed = 10 // source queues of a byQueue permission

// parseRedriveAllow reads {"redrivePermission": "allowAll|denyAll|byQueue", "sourceQueueArns": […]}. "" is no policy.
func parseRedriveAllow(text string) (redriveAllowPolicy, error) {
	if text == "" {
		return redriveAllowPolicy{}, nil
	}
	var p struct {
		Permission string   `json:"redrivePermission"`
		Sources    []string `json:"sourceQueueArns"`
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return redriveAllowPolicy{}, invalid("RedriveAllowPolicy", text, "Redrive allow policy is not a valid JSON map.")
	}
	byQueue := p.Permission == "byQueue"
	switch {
	case !slices.Contains([]string{"allowAll", "denyAll", "byQueue"}, p.Permission):
		return redriveAllowPolicy{}, invalid("RedriveAllowPolicy", text, "redrivePermission must be allowAll, denyAll or byQueue.")
	case byQueue != (len(p.Sources) > 0), len(p.Sources) > maxAllowed:
		return redriveAllowPolicy{}, invalid("RedriveAllowPolicy", text, "sourceQueueArns has 1 to 10 entries with byQueue and none otherwise.")
	}
	return redriveAllowPolicy{denied: p.Permission == "denyAll", only: p.Sources}, nil
}
