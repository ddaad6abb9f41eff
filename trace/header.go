package trace

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// maxHeader bounds a trace header, in bytes; real ones are under 300.
const maxHeader = 1024

var (
	headerRootPattern    = regexp.MustCompile(`^1-[0-9a-f]{8}-[0-9a-f]{24}$`)
	headerParentPattern  = regexp.MustCompile(`^[0-9a-f]{16}$`)
	headerLineagePattern = regexp.MustCompile(`^[0-9A-Za-z:|]{1,255}$`)
)

// header is what a trace header says: X-Amzn-Trace-Id over HTTP, AWSTraceHeader on a message. The zero header says nothing.
type header struct {
	root    string // trace id
	parent  string // id of the sender's segment or subsegment; may be missing
	sampled string // "1", "0", or "" when the decision is ours ("?" or missing)
	asked   bool   // "?": the sender wants to know
	lineage string // AWS's loop detection, passed on untouched
}

// parseHeader reads the keys Root, Parent, Sampled, Self and Lineage, written exactly so and once each, in any order. Root
// must be there. Self (a load balancer naming itself) is checked and dropped, unknown keys are dropped: passed on, they
// could be read by the next service as what we said.
func parseHeader(text string) (header, error) {
	if len(text) > maxHeader {
		return header{}, fmt.Errorf("trace header: %d bytes, more than %d", len(text), maxHeader)
	}
	var h header
	seen := map[string]bool{}
	for part := range strings.SplitSeq(text, ";") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		key, value, ok := strings.Cut(part, "=")
		if !ok || key == "" || seen[key] {
			return header{}, fmt.Errorf("trace header: %.60q is not one key and its value", part)
		}
		seen[key] = true
		switch key {
		case "Root", "Self":
			ok = headerRootPattern.MatchString(value)
			if key == "Root" {
				h.root = value
			}
		case "Parent":
			ok, h.parent = headerParentPattern.MatchString(value), value
		case "Sampled":
			ok = value == "0" || value == "1" || value == "?"
			if h.asked = value == "?"; !h.asked {
				h.sampled = value
			}
		case "Lineage":
			ok, h.lineage = headerLineagePattern.MatchString(value), value
		}
		if !ok {
			return header{}, fmt.Errorf("trace header: %s=%.60q is not valid", key, value)
		}
	}
	if h.root == "" {
		return header{}, errors.New("trace header: Root is missing")
	}
	return h, nil
}

// String is the header to send on.
func (h header) String() string {
	var b strings.Builder
	b.WriteString("Root=" + h.root)
	if h.parent != "" {
		b.WriteString(";Parent=" + h.parent)
	}
	if h.sampled != "" {
		b.WriteString(";Sampled=" + h.sampled)
	}
	if h.lineage != "" {
		b.WriteString(";Lineage=" + h.lineage)
	}
	return b.String()
}
