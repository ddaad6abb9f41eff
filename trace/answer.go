package trace

// Answer is the trace header to answer a request with whose own header it is: the trace, the parent that was named, and the
// decision where one was told or asked for. "" for nil.
func (s *Segment) Answer(incomingHeader string) string {
	if s == nil {
		return ""
	}
	h := header{root: s.n.seg.TraceID}
	from, err := parseHeader(incomingHeader)
	if err == nil && from.root == h.root {
		h.parent = from.parent
		if from.sampled != "" || from.asked {
			h.sampled = s.n.decision()
		}
	}
	return h.String()
}

// decision is how a header says whether sampling keeps the trace.
func (n *node) decision() string {
	if n.rec.head {
		return "1"
	}
	return "0"
}
