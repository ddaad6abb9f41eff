package sqs

import (
	"context"
	"maps"
)

const maxTags = 50

// checkTags keeps the limits of tags: at most 50, keys of 1 to 128 and values of up to 256 characters.
func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return invalidValue("Too many tags added for the queue.")
	}
	for key, value := range tags {
		if n := len([]rune(key)); n < 1 || n > 128 {
			return invalid("Tag.Key", key, "Tag keys must be between 1 and 128 characters in length.")
		}
		if len([]rune(value)) > 256 {
			return invalid("Tag.Value", value, "Tag values must be between 0 and 256 characters in length.")
		}
	}
	return nil
}

type tags struct {
	QueueUrl string            `json:",omitempty"`
	Tags     map[string]string `json:",omitempty"`
}

// tagQueue adds tags and overwrites those of the same key.
func (s *Server) tagQueue(_ context.Context, in tags) (nothing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nothing{}, err
	}
	merged := maps.Clone(q.tags)
	maps.Copy(merged, in.Tags)
	if err := checkTags(merged); err != nil {
		return nothing{}, err
	}
	q.tags = merged
	return nothing{}, nil
}

type untagQueueInput struct {
	QueueUrl string
	TagKeys  []string
}

// untagQueue takes tags away; keys that are not there do not matter.
func (s *Server) untagQueue(_ context.Context, in untagQueueInput) (nothing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nothing{}, err
	}
	for _, key := range in.TagKeys {
		delete(q.tags, key)
	}
	return nothing{}, nil
}

// listQueueTags is all tags of a queue.
func (s *Server) listQueueTags(_ context.Context, in queueURL) (tags, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return tags{}, err
	}
	return tags{Tags: maps.Clone(q.tags)}, nil
}
