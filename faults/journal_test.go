package faults_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
)

// Entry is one line of a worker's log.
type Entry map[string]any

// Text is a field as text, "" where there is none.
func (e Entry) Text(name string) string {
	text, _ := e[name].(string)
	return text
}

// journal keeps what a worker writes to stderr: its log, one JSON object a line, and whatever else it says.
type journal struct {
	mu      sync.Mutex
	partial []byte
	lines   []string
	entries []Entry
	strange []string // lines that are no log: an error of the command line, a panic, a race
	changed chan struct{}
}

func newJournal() *journal { return &journal{changed: make(chan struct{})} }

// Write takes what came, whole lines or not.
func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.partial = append(j.partial, p...)
	for {
		line, rest, whole := bytes.Cut(j.partial, []byte("\n"))
		if !whole {
			break
		}
		j.add(string(line))
		j.partial = append([]byte(nil), rest...)
	}
	close(j.changed)
	j.changed = make(chan struct{})
	return len(p), nil
}

func (j *journal) add(line string) {
	j.lines = append(j.lines, line)
	var entry Entry
	if err := json.Unmarshal([]byte(line), &entry); err != nil {
		j.strange = append(j.strange, line)
		return
	}
	j.entries = append(j.entries, entry)
}

// find gives the entries that pick takes, and a channel that is closed when there may be more.
func (j *journal) find(pick func(Entry) bool) ([]Entry, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var found []Entry
	for _, entry := range j.entries {
		if pick(entry) {
			found = append(found, entry)
		}
	}
	return found, j.changed
}

// says picks entries whose message holds text.
func says(text string) func(Entry) bool {
	return func(e Entry) bool { return strings.Contains(e.Text("msg"), text) }
}

// text is everything that was written.
func (j *journal) text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(append(j.lines, string(j.partial)), "\n")
}

// strangeLines are those that are no log.
func (j *journal) strangeLines() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]string(nil), j.strange...)
}
