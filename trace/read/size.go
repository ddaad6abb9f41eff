package read

import "encoding/json"

// Size is how many documents a trace is made of, and how many bytes they have as JSON. What a worker sends span by span is
// counted span by span.
func (t Trace) Size() (documents, bytes int) {
	for n := range t.Nodes() {
		documents++
		encoded, _ := json.Marshal(n.Document) // only its length matters, and what was parsed can be encoded
		bytes += len(encoded)
	}
	return documents, bytes
}
