package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/monthend/monthend/console/problem"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

// version is one published version of a month.
type version struct {
	Version       int       `json:"version"`
	Current       bool      `json:"current"`
	RunID         string    `json:"run_id"`
	ContentDigest string    `json:"content_digest"`
	DataDigest    string    `json:"data_digest"`
	Reason        string    `json:"reason,omitempty"`
	Extracted     int64     `json:"records_extracted"`
	Rejected      int64     `json:"records_rejected"`
	PublishedAt   time.Time `json:"published_at"`
	Files         []file    `json:"files"`
}

type versions struct {
	Report   string    `json:"report"`
	Period   string    `json:"period"`
	Tenant   string    `json:"tenant,omitempty"`
	Versions []version `json:"versions"` // the newest first
}

func (a *API) versions(w http.ResponseWriter, r *http.Request, by ledger.Token) error {
	if err := readQuery(r, nil); err != nil {
		return err
	}
	none := problem.New(problem.NotFound, "nothing is published of this report, tenant and period")
	key := report.Key{Report: r.PathValue("report"), Tenant: r.PathValue("tenant")}
	period, err := report.ParsePeriod(r.PathValue("period"))
	if err != nil || !report.ValidName(key.Report) || !validTenant(key.Tenant) {
		return none
	}
	key.Period = period
	if key.Tenant == report.NoTenant {
		key.Tenant = ""
	}
	if !by.Covers(key.Report, key.Tenant) {
		return none
	}
	found, err := a.cfg.Ledger.Versions(r.Context(), key)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return none
	}
	out := versions{Report: key.Report, Period: key.Period.String(), Tenant: key.Tenant}
	for _, v := range found {
		files, err := a.filesOf(v)
		if err != nil {
			return err
		}
		out.Versions = append(out.Versions, version{
			Version: v.Number, Current: v.Current, RunID: v.RunID, ContentDigest: v.ContentDigest, DataDigest: v.DataDigest, Reason: v.Reason,
			Extracted: v.RecordsExtracted, Rejected: v.RecordsRejected, PublishedAt: v.PublishedAt.UTC(), Files: files,
		})
	}
	return answer(w, http.StatusOK, out)
}

// versionOf is the version that a run published; the zero Version when it did not.
func (a *API) versionOf(ctx context.Context, r ledger.Run) (ledger.Version, error) {
	if r.Outcome != report.Published {
		return ledger.Version{}, nil
	}
	found, err := a.cfg.Ledger.Versions(ctx, r.Key)
	if err != nil {
		return ledger.Version{}, err
	}
	for _, v := range found {
		if v.RunID == r.RunID {
			return v, nil
		}
	}
	return ledger.Version{}, fmt.Errorf("run %q: the ledger has no version %d of %s", r.RunID, r.Version, r.Key)
}
