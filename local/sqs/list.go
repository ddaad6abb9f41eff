package sqs

import (
	"context"
	"encoding/base64"
	"maps"
	"slices"
	"sort"
	"strings"
)

// maxPage is the most queues of one answer.
const maxPage = 1000

// page is how both lists are cut; MaxResults is 1 to 1000.
type page struct {
	MaxResults *int32
	NextToken  string
}

// cut takes one page of sorted names: those after the token, at most MaxResults. The token is the last name of the page before.
func (p page) cut(names []string) (part []string, next string, err error) {
	most := maxPage
	if p.MaxResults != nil {
		if *p.MaxResults < 1 || *p.MaxResults > maxPage {
			return nil, "", invalid("MaxResults", *p.MaxResults, "Must be an integer from 1 to 1000, if provided.")
		}
		most = int(*p.MaxResults)
	}
	if p.NextToken != "" {
		last, err := base64.StdEncoding.DecodeString(p.NextToken)
		if err != nil {
			return nil, "", invalidValue("Invalid or expired next token.")
		}
		names = names[sort.Search(len(names), func(i int) bool { return names[i] > string(last) }):]
	}
	if len(names) <= most {
		return names, "", nil
	}
	// Without MaxResults SQS gives one full page and no token.
	if p.MaxResults != nil {
		next = base64.StdEncoding.EncodeToString([]byte(names[most-1]))
	}
	return names[:most], next, nil
}

type listQueuesInput struct {
	page
	QueueNamePrefix string
}

type listQueuesOutput struct {
	QueueUrls []string `json:",omitempty"`
	NextToken string   `json:",omitempty"`
}

// listQueues is the queues whose name begins with the prefix.
func (s *Server) listQueues(_ context.Context, in listQueuesInput) (listQueuesOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	urls, next, err := s.list(in.page, func(q *queue) bool { return strings.HasPrefix(q.name, in.QueueNamePrefix) })
	return listQueuesOutput{urls, next}, err
}

type listDeadLetterSourceQueuesInput struct {
	page
	QueueUrl string
}

type listDeadLetterSourceQueuesOutput struct {
	QueueUrls []string `json:"queueUrls"`
	NextToken string   `json:",omitempty"`
}

// listDeadLetterSourceQueues is the queues whose redrive policy names this one.
func (s *Server) listDeadLetterSourceQueues(_ context.Context, in listDeadLetterSourceQueuesInput) (listDeadLetterSourceQueuesOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	dead, err := s.find(in.QueueUrl)
	if err != nil {
		return listDeadLetterSourceQueuesOutput{}, err
	}
	urls, next, err := s.list(in.page, func(q *queue) bool { return q.settings.redrive.target == dead.arn })
	return listDeadLetterSourceQueuesOutput{urls, next}, err
}

// list is one page of the URLs of the queues that fit, in the order of their names.
func (s *Server) list(p page, fits func(*queue) bool) (urls []string, next string, err error) {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(s.queues)) {
		if fits(s.queues[name]) {
			names = append(names, name)
		}
	}
	names, next, err = p.cut(names)
	urls = make([]string, 0, len(names))
	for _, name := range names {
		urls = append(urls, s.QueueURL(name))
	}
	return urls, next, err
}
