package sampling

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// MaxFileSize bounds a file of rules, in bytes.
const MaxFileSize = 256 << 10

// file is the SDK's format of local rules, versions 1 and 2.
type file struct {
	Version int        `json:"version"`
	Default *fileRule  `json:"default"`
	Rules   []fileRule `json:"rules"`
}

type fileRule struct {
	Description string  `json:"description"`
	ID          any     `json:"id"`
	ServiceName string  `json:"service_name"` // version 1 calls the host so
	Host        string  `json:"host"`
	Method      string  `json:"http_method"`
	Path        string  `json:"url_path"`
	FixedTarget int64   `json:"fixed_target"`
	Rate        float64 `json:"rate"`
}

// Local is a set of rules of a file. It is safe for concurrent use.
type Local struct {
	rules []*rule // the default last
	now   func() time.Time
}

// ParseLocal reads the rules of a file in the SDK's JSON format. A job matches them as a request without method to the host
// that its segment is called, for the path that is "/" and its report. now is the clock; nil is time.Now.
func ParseLocal(data []byte, now func() time.Time) (*Local, error) {
	if len(data) > MaxFileSize {
		return nil, fmt.Errorf("sampling rules: %d bytes, more than %d", len(data), MaxFileSize)
	}
	var f file
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		return nil, fmt.Errorf("sampling rules: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("sampling rules: something follows the rules")
	}
	if f.Version != 1 && f.Version != 2 {
		return nil, fmt.Errorf("sampling rules: version %d is neither 1 nor 2", f.Version)
	}
	if f.Default == nil {
		return nil, errors.New("sampling rules: default is missing")
	}
	if d := f.Default; d.ServiceName != "" || d.Host != "" || d.Method != "" || d.Path != "" {
		return nil, errors.New("sampling rules: default matches everything; it takes fixed_target and rate only")
	}
	if now == nil {
		now = time.Now
	}
	l := &Local{now: now}
	for i, r := range f.Rules {
		host, other, hostField := r.Host, r.ServiceName, "host"
		if f.Version == 1 {
			host, other, hostField = r.ServiceName, r.Host, "service_name"
		}
		switch {
		case other != "":
			return nil, fmt.Errorf("sampling rules: rules[%d]: version %d names the host in %s", i, f.Version, hostField)
		case host == "" || r.Method == "" || r.Path == "":
			return nil, fmt.Errorf("sampling rules: rules[%d]: want %s, http_method and url_path; * matches everything", i, hostField)
		}
		if err := l.add(fmt.Sprintf("rules[%d]", i), host, r); err != nil {
			return nil, err
		}
	}
	return l, l.add("default", "", *f.Default)
}

func (l *Local) add(where, host string, r fileRule) error {
	if r.FixedTarget < 0 {
		return fmt.Errorf("sampling rules: %s: fixed_target %d is below 0", where, r.FixedTarget)
	}
	if !(r.Rate >= 0 && r.Rate <= 1) {
		return fmt.Errorf("sampling rules: %s: rate %v is not between 0 and 1", where, r.Rate)
	}
	l.rules = append(l.rules, &rule{host: host, method: r.Method, path: r.Path, size: r.FixedTarget, rate: r.Rate})
	return nil
}

// Sample asks the first rule that matches.
func (l *Local) Sample(q Request) Decision {
	if q.Host == "" {
		q.Host = q.Service // as the SDK does for a segment without a request
	}
	for _, r := range l.rules {
		if r.matches(q) {
			return r.local(q, l.now())
		}
	}
	return Decision{} // not reached: the default matches everything
}
