package pipeline

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/monthend/monthend/pipeline/source/remote"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/report"
)

// Manifest says what a version is made of. Content is byte-reproducible: equal data gives equal content, and its canonical
// hash is the content digest in the version's path. Provenance tells how this copy came about and differs every time.
type Manifest struct {
	Schema     int        `json:"schema"` // 1
	Content    Content    `json:"content"`
	Provenance Provenance `json:"provenance"`
}

// Content is the reproducible part of a Manifest.
type Content struct {
	Report           string              `json:"report"`
	Period           string              `json:"period"`
	Tenant           string              `json:"tenant"`
	Version          int                 `json:"version"`
	DefinitionDigest string              `json:"definition_digest"`
	DataDigest       string              `json:"data_digest"`
	Reason           string              `json:"reason,omitempty"` // of a restatement
	Rows             []report.TableCount `json:"rows"`
	ControlTotals    []ControlTotal      `json:"control_totals"`
	Comparatives     []Pin               `json:"comparatives,omitempty"`
	Artifacts        []Artifact          `json:"artifacts"`
	Previous         string              `json:"previous,omitempty"` // content digest of the version before
}

// ControlTotal is one assert and what it found, decimals as text.
type ControlTotal struct {
	Rule      string `json:"rule"`
	Expected  string `json:"expected"`
	Actual    string `json:"actual"`
	Tolerance string `json:"tolerance"`
}

// Pin is what a version took from another month. With a content digest it is of that version, which must be kept as long as this one;
// without it is of the month's rows as they were in the snapshot.
type Pin struct {
	Name          string           `json:"name"` // report.Previous or report.YearAgo
	Period        string           `json:"period"`
	Version       int              `json:"version,omitempty"`
	ContentDigest string           `json:"content_digest,omitempty"`
	Datasets      []string         `json:"datasets,omitempty"`
	Rows          map[string]int64 `json:"rows,omitempty"` // by extract, for rules
}

// controlTotals are what the asserts found, in the order of the definition.
func controlTotals(v report.Validation) []ControlTotal {
	totals := []ControlTotal{}
	for _, rule := range v.Rules {
		if rule.On == "" {
			totals = append(totals, ControlTotal{Rule: rule.Rule, Expected: rule.Expected, Actual: rule.Actual, Tolerance: rule.Tolerance})
		}
	}
	return totals
}

// Provenance is who made a version, when asked by whom, from which snapshot.
type Provenance struct {
	RunID       string `json:"run_id"`
	Attempt     int    `json:"attempt"`
	Token       int64  `json:"token"`
	RequestID   string `json:"request_id"`
	TraceID     string `json:"trace_id,omitempty"`
	RequestedBy string `json:"requested_by,omitempty"`
	Schedule    string `json:"schedule,omitempty"`
	Snapshot    string `json:"snapshot"`

	// Model and tokens of the commentary, where there is one.
	CommentaryModel  string `json:"commentary_model,omitempty"`
	CommentaryTokens int64  `json:"commentary_tokens,omitempty"`

	// Outside is what came from outside the source, byte for byte. What its rows say is part of the data digest; how somebody else wrote
	// them down today is not.
	Outside []Receipt `json:"outside,omitempty"`
}

// Receipt is one answer or file from outside.
type Receipt struct {
	Extract string `json:"extract"`
	Period  string `json:"period"` // the run's own, or that of a comparison
	remote.Receipt
}

// Artifact is one file of a version; Name is relative to the version's folder.
type Artifact struct {
	Name   string `json:"name"`
	Format string `json:"format"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	Kept   bool   `json:"kept,omitempty"` // a dataset kept for later months, in a format nobody asked for

	file string // where the attempt has it
}

func (a Artifact) sum() store.Sum { return store.Sum{SHA256: a.SHA256, Size: a.Bytes} }

// Files are the artifacts that the definition asked for: the drawn formats and the exports.
func (c Content) Files() []Artifact {
	var files []Artifact
	for _, a := range c.Artifacts {
		if !a.Kept {
			files = append(files, a)
		}
	}
	return files
}

// Digest is the canonical hash of c in hex: sha256 over its JSON with sorted keys and no white space.
func (c Content) Digest() (string, error) { return canonicalDigest(c) }

// ParseManifest reads a manifest as the store or the ledger has it.
func ParseManifest(data []byte) (Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("read manifest: %w", err)
	}
	if m.Schema != 1 {
		return m, fmt.Errorf("read manifest: schema %d is not known", m.Schema)
	}
	return m, nil
}

// canonicalDigest hashes v as JSON whose keys are sorted at every level, so that the order of Go's fields means nothing.
func canonicalDigest(v any) (string, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return "", err
	}
	sum := sha256.New()
	encoder := json.NewEncoder(trimNewline{sum})
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(tree); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// trimNewline leaves out the newline that json.Encoder writes last; a newline inside JSON text is always escaped.
type trimNewline struct{ w io.Writer }

func (t trimNewline) Write(p []byte) (int, error) {
	_, err := t.w.Write(bytes.TrimSuffix(p, []byte("\n")))
	return len(p), err
}

// measure takes the size and the hash of a file.
func measure(name, format, file string) (Artifact, error) {
	f, err := os.Open(file)
	if err != nil {
		return Artifact{}, err
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	if err != nil {
		return Artifact{}, fmt.Errorf("hash %q: %w", name, err)
	}
	return Artifact{Name: name, Format: format, Bytes: n, SHA256: hex.EncodeToString(sum.Sum(nil)), file: file}, nil
}
