package deliver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"time"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// parcel is what one delivery brings. It is the same at every try.
type parcel struct {
	ledger.Delivery
	key     report.Key
	version ledger.Version
	files   []pipeline.Artifact // of the version, in the manifest's order, those of the recipient's formats
	shelf   string              // of a directory: the allowed place that holds it
	letter  letter              // of a version
}

// letter is the JSON by which a version is told of.
type letter struct {
	Schema        int          `json:"schema"` // 1
	Event         string       `json:"event"`  // published
	Name          string       `json:"name"`
	Report        string       `json:"report"`
	Tenant        string       `json:"tenant"`
	Period        string       `json:"period"`
	Version       int          `json:"version"`
	Reason        string       `json:"reason,omitempty"` // of a restatement
	ContentDigest string       `json:"content_digest"`
	DataDigest    string       `json:"data_digest"`
	PublishedAt   time.Time    `json:"published_at"`
	ApprovedBy    string       `json:"approved_by,omitempty"`
	Files         []letterFile `json:"files"`
}

type letterFile struct {
	Name   string `json:"name"`
	Format string `json:"format"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	Link   string `json:"link"`
}

// pack reads what a delivery brings. Only files that the definition asked for are ever brought: neither what is kept for later
// months nor what lies in quarantine, which no manifest names.
func (d *Deliverer) pack(ctx context.Context, taken ledger.Delivery) (parcel, error) {
	p := parcel{Delivery: taken}
	if taken.Kind == ledger.DeliveryOfAlert {
		if taken.Recipient.Directory != "" {
			return p, &FinalError{errors.New("an alert cannot be put into a directory")}
		}
		return p, nil
	}
	period, err := report.ParsePeriod(taken.Period)
	if err != nil {
		return p, &FinalError{err}
	}
	p.key = report.Key{Report: taken.Report, Tenant: taken.Tenant, Period: period}
	versions, err := d.cfg.Ledger.Versions(ctx, p.key)
	if err != nil {
		return p, err
	}
	at := slices.IndexFunc(versions, func(v ledger.Version) bool { return v.Number == taken.Version })
	if at < 0 {
		return p, fmt.Errorf("the ledger has no version %s", taken.Name())
	}
	p.version = versions[at]
	manifest, err := pipeline.ParseManifest(p.version.Manifest)
	if err != nil {
		return p, &FinalError{err}
	}
	for _, file := range manifest.Content.Files() {
		if !fs.ValidPath(file.Name) {
			return p, &FinalError{fmt.Errorf("the manifest of %s names %q, which lies outside of it", taken.Name(), file.Name)}
		}
		if len(taken.Recipient.Formats) == 0 || slices.Contains(taken.Recipient.Formats, file.Format) {
			p.files = append(p.files, file)
		}
	}
	approvals, err := d.cfg.Ledger.Approvals(ctx, p.version.RunID)
	if err != nil {
		return p, err
	}
	p.letter = d.letter(p, approvals[p.version.RunID].By)
	return p, nil
}

func (d *Deliverer) letter(p parcel, approvedBy string) letter {
	l := letter{
		Schema: 1, Event: "published", Name: p.Name(), Report: p.Report, Tenant: p.Tenant, Period: p.Period, Version: p.Version,
		Reason: p.version.Reason, ContentDigest: p.version.ContentDigest, DataDigest: p.version.DataDigest,
		PublishedAt: p.version.PublishedAt, ApprovedBy: approvedBy, Files: []letterFile{},
	}
	for _, file := range p.files {
		l.Files = append(l.Files, letterFile{file.Name, file.Format, file.Bytes, file.SHA256, d.cfg.Locate(path.Join(p.version.Path, file.Name))})
	}
	return l
}

// body is the JSON that is sent: of an alert as it was posted.
func (p parcel) body() ([]byte, error) {
	if p.Kind == ledger.DeliveryOfAlert {
		return []byte(p.Delivery.Body), nil
	}
	var data bytes.Buffer
	encoder := json.NewEncoder(&data)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(p.letter)
	return bytes.TrimRight(data.Bytes(), "\n"), err
}
