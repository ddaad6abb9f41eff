package sqs

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// settings are a queue's attributes as the other files use them.
type settings struct {
	delay, retention, visibility, wait time.Duration
	maximum                            int // bytes of one message
	redrive                            redrivePolicy
	allow                              redriveAllowPolicy
	contentBased                       bool // deduplicate by the SHA-256 of the body
	perGroup                           bool // deduplicate within a group, not the queue
}

// ranges are the whole-number attributes that can be set, with their bounds and their values in a new queue.
var ranges = map[string]struct {
	least, most int
	initial     string
}{
	"DelaySeconds":                  {0, 900, "0"},
	"MaximumMessageSize":            {1024, maxMessage, "1048576"},
	"MessageRetentionPeriod":        {60, 1209600, "345600"},
	"ReceiveMessageWaitTimeSeconds": {0, 20, "0"},
	"VisibilityTimeout":             {0, 43200, "30"},
	"KmsDataKeyReusePeriodSeconds":  {60, 86400, ""},
}

// defaults is what a new queue has before anything is asked for.
func defaults(fifo bool) map[string]string {
	raw := map[string]string{"SqsManagedSseEnabled": "true"}
	for name, r := range ranges {
		if r.initial != "" {
			raw[name] = r.initial
		}
	}
	if fifo {
		raw["FifoQueue"] = "true"
		raw["ContentBasedDeduplication"] = "false"
		raw["DeduplicationScope"] = "queue"
		raw["FifoThroughputLimit"] = "perQueue"
	}
	return raw
}

// checkAttributes is what was asked for in its written form, or the first thing wrong with it. An empty value, where one may be
// set, takes the attribute away.
func (s *Server) checkAttributes(asked map[string]string, arn string, fifo bool) (map[string]string, error) {
	checked := make(map[string]string, len(asked))
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		value, err := s.checkAttribute(name, asked[name], arn, fifo)
		if err != nil {
			return nil, err
		}
		checked[name] = value
	}
	return checked, nil
}

func (s *Server) checkAttribute(name, value, arn string, fifo bool) (string, error) {
	if r, ok := ranges[name]; ok {
		n, err := strconv.Atoi(value)
		if value == "" {
			return r.initial, nil
		}
		if err != nil || n < r.least || n > r.most {
			return "", invalidAttributeValue(name)
		}
		return strconv.Itoa(n), nil
	}
	switch name {
	case "FifoQueue", "ContentBasedDeduplication":
		if !fifo {
			return "", invalidAttributeName("Unknown Attribute " + name + ".")
		}
		return checkBool(name, value)
	case "DeduplicationScope", "FifoThroughputLimit":
		if !fifo {
			return "", invalidAttributeName("You can specify the " + name + " only when FifoQueue is set to true.")
		}
		return checkChoice(name, value)
	case "SqsManagedSseEnabled":
		return checkBool(name, value)
	case "RedrivePolicy":
		return value, s.checkRedrive(value, arn, fifo)
	case "RedriveAllowPolicy":
		_, err := parseRedriveAllow(value)
		return value, err
	case "Policy":
		if value != "" && !json.Valid([]byte(value)) {
			return "", invalidAttributeValue(name)
		}
		return value, nil
	case "KmsMasterKeyId":
		return value, nil
	}
	return "", invalidAttributeName("Unknown Attribute " + name + ".")
}

// checkBool takes true and false in any case, as SQS does, and writes them small.
func checkBool(name, value string) (string, error) {
	value = strings.ToLower(value)
	if value != "true" && value != "false" {
		return "", invalidAttributeValue(name)
	}
	return value, nil
}

func checkChoice(name, value string) (string, error) {
	switch name + "=" + value {
	case "DeduplicationScope=queue", "DeduplicationScope=messageGroup",
		"FifoThroughputLimit=perQueue", "FifoThroughputLimit=perMessageGroupId":
		return value, nil
	}
	return "", invalidAttributeValue(name)
}

// set takes over attributes that were checked.
func (q *queue) set(checked map[string]string) {
	maps.Copy(q.raw, checked)
	maps.DeleteFunc(q.raw, func(_, value string) bool { return value == "" })
	number := func(name string) int { n, _ := strconv.Atoi(q.raw[name]); return n }
	q.settings = settings{
		delay:        time.Duration(number("DelaySeconds")) * time.Second,
		retention:    time.Duration(number("MessageRetentionPeriod")) * time.Second,
		visibility:   time.Duration(number("VisibilityTimeout")) * time.Second,
		wait:         time.Duration(number("ReceiveMessageWaitTimeSeconds")) * time.Second,
		maximum:      number("MaximumMessageSize"),
		contentBased: q.raw["ContentBasedDeduplication"] == "true",
		perGroup:     q.raw["DeduplicationScope"] == "messageGroup",
	}
	q.settings.redrive, _ = parseRedrive(q.raw["RedrivePolicy"])
	q.settings.allow, _ = parseRedriveAllow(q.raw["RedriveAllowPolicy"])
}

type setQueueAttributesInput struct {
	QueueUrl   string
	Attributes map[string]string
}

// setQueueAttributes takes all or, when one of them is refused, none. Here they hold at once; AWS takes up to a minute.
func (s *Server) setQueueAttributes(_ context.Context, in setQueueAttributesInput) (nothing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nothing{}, err
	}
	checked, err := s.checkAttributes(in.Attributes, q.arn, q.fifo)
	if err != nil {
		return nothing{}, err
	}
	if kind, ok := checked["FifoQueue"]; ok && kind != "true" {
		return nothing{}, failure(http.StatusBadRequest, "InvalidAttributeValue", "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.")
	}
	q.set(checked)
	q.modified = s.now()
	q.wake()
	return nothing{}, nil
}

type getQueueAttributesInput struct {
	QueueUrl       string
	AttributeNames []string
}

type getQueueAttributesOutput struct {
	Attributes map[string]string `json:",omitempty"`
}

// getQueueAttributes answers what was asked for and is set; a name that SQS does not know is an error.
func (s *Server) getQueueAttributes(_ context.Context, in getQueueAttributesInput) (getQueueAttributesOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return getQueueAttributesOutput{}, err
	}
	all := q.describe(s.now())
	wanted := map[string]string{}
	for _, name := range in.AttributeNames {
		if name == "All" {
			return getQueueAttributesOutput{all}, nil
		}
		if value, ok := all[name]; ok {
			wanted[name] = value
		} else if !attributeNames[name] {
			return getQueueAttributesOutput{}, invalidAttributeName("Unknown Attribute " + name + ".")
		}
	}
	return getQueueAttributesOutput{wanted}, nil
}

// attributeNames are the attributes that a queue may lack and that may still be asked for.
var attributeNames = map[string]bool{
	"Policy": true, "RedrivePolicy": true, "RedriveAllowPolicy": true, "KmsMasterKeyId": true, "KmsDataKeyReusePeriodSeconds": true,
	"FifoQueue": true, "ContentBasedDeduplication": true, "DeduplicationScope": true, "FifoThroughputLimit": true,
}

// describe is every attribute of the queue, the counted ones exact at this moment.
func (q *queue) describe(now time.Time) map[string]string {
	q.expire(now)
	all := maps.Clone(q.raw)
	visible, hidden, delayed := q.count(now)
	all["QueueArn"] = q.arn
	all["CreatedTimestamp"] = strconv.FormatInt(q.created.Unix(), 10)
	all["LastModifiedTimestamp"] = strconv.FormatInt(q.modified.Unix(), 10)
	all["ApproximateNumberOfMessages"] = strconv.Itoa(visible)
	all["ApproximateNumberOfMessagesNotVisible"] = strconv.Itoa(hidden)
	all["ApproximateNumberOfMessagesDelayed"] = strconv.Itoa(delayed)
	return all
}
