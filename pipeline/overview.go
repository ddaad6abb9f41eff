package pipeline

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/format"
	"github.com/monthend/monthend/trace"
)

// overviewLease is how long one process may be at an overview before another tries.
const overviewLease = 2 * time.Minute

// overviewFolder stands where a tenant's name would: no tenant begins with an underscore.
const overviewFolder = "_overview"

// overviewFormats are what an overview is drawn in.
var overviewFormats = []string{format.HTML, format.JSON}

// overviewSegment is what the segment of an overview is called.
const overviewSegment = "monthend-overview"

// Overview draws the document over all tenants of one parent that has ended, and puts it beside their versions. It answers
// whether there was one to draw. Several processes may do so at once: a parent is one's at a time, and equal outcomes draw
// equal bytes.
func (r *Runner) Overview(ctx context.Context) (drawn bool, err error) {
	parent, ok, err := r.cfg.Ledger.TakeOverview(ctx, overviewLease)
	if err != nil || !ok {
		return false, err
	}
	children, err := r.cfg.Ledger.Children(ctx, parent.RequestID, ledger.ChildFilter{Manifests: true})
	if err != nil {
		return false, err
	}
	ctx, segment := r.cfg.Tracer.Begin(ctx, overviewSegment, "", trace.BeginOptions{Path: "/" + parent.Report})
	defer segment.Guard()
	segment.Annotate("report", parent.Report)
	segment.Annotate("period", parent.Period.String())
	segment.Annotate("parent_trace", parent.TraceID)
	folder, err := r.overview(ctx, parent, children)
	if err == nil {
		err = r.cfg.Ledger.RecordOverview(trace.Silent(ctx), parent.RequestID, parent.Closing, folder)
	}
	segment.End(err)
	if err != nil {
		return false, fmt.Errorf("overview of %s %s, request %q: %w", parent.Report, parent.Period, parent.RequestID, err)
	}
	r.cfg.Logger.InfoContext(ctx, "overview published", "request", parent.RequestID, "report", parent.Report, "period", parent.Period.String(),
		"path", r.cfg.Store.Locate(folder))
	return true, nil
}

// overview puts the files and answers their folder.
func (r *Runner) overview(ctx context.Context, parent ledger.Fanout, children []ledger.Child) (folder string, err error) {
	datasets, err := overviewData(children)
	if err != nil {
		return "", err
	}
	def := r.overviewDefinition(parent.Report, datasets)
	digest, err := canonicalDigest(struct {
		Report, Title, Company, Currency, Locale, Period string
		Datasets                                         []report.Dataset
	}{def.Name, def.Title, def.Company, def.Currency, string(def.Locale), parent.Period.String(), datasets})
	if err != nil {
		return "", err
	}
	home := path.Join(parent.Report, overviewFolder, parent.Period.String())
	number, err := r.overviewNumber(ctx, home, digest)
	if err != nil {
		return "", err
	}
	document, err := report.Build(def, report.Meta{Version: number, DataDigest: digest, Period: parent.Period}, datasets, report.Validation{})
	if err != nil {
		return "", err
	}
	spool, err := os.MkdirTemp(r.cfg.Spool, "overview-")
	if err != nil {
		return "", fmt.Errorf("make the spool of an overview: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(spool)) }()
	folder = path.Join(home, store.FormatVersion(number, digest))
	for _, drawn := range overviewFormats {
		name := fmt.Sprintf("%s-%s-overview.%s", parent.Report, parent.Period, drawn)
		file := filepath.Join(spool, name)
		if err := writeFile(file, func(w *bufio.Writer) error { return format.Draw(drawn, w, document) }); err != nil {
			return "", err
		}
		artifact, err := measure(name, drawn, file)
		if err != nil {
			return "", err
		}
		if err := r.cfg.Store.Put(ctx, path.Join(folder, name), file, artifact.sum()); err != nil {
			return "", fmt.Errorf("put %q: %w", name, err)
		}
	}
	return folder, nil
}

// overviewNumber is the version of an overview: the one that has this digest already, else the next.
func (r *Runner) overviewNumber(ctx context.Context, home, digest string) (int, error) {
	folders, err := store.Folders(ctx, r.cfg.Store, home)
	if err != nil {
		return 0, fmt.Errorf("list the overviews in the store: %w", err)
	}
	for _, folder := range folders {
		if path.Base(folder.Path) == store.FormatVersion(folder.Number, digest) {
			return folder.Number, nil
		}
	}
	if len(folders) == 0 {
		return 1, nil
	}
	return folders[0].Number + 1, nil
}

// OverviewFiles are the paths of an overview's files, below the output.
func OverviewFiles(f ledger.Fanout) []string {
	if f.Overview == "" {
		return nil
	}
	files := make([]string, len(overviewFormats))
	for i, drawn := range overviewFormats {
		files[i] = path.Join(f.Overview, fmt.Sprintf("%s-%s-overview.%s", f.Report, f.Period, drawn))
	}
	return files
}
