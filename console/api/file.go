package api

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/monthend/monthend/console/problem"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/trace"
)

// file is one file of a version.
type file struct {
	Name   string `json:"name"`
	Format string `json:"format"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	Href   string `json:"href"` // where it is fetched
}

type fileList struct {
	RunID string `json:"run_id"`
	Files []file `json:"files"`
}

// filesOf are the files of a version; none of the zero Version.
func (a *API) filesOf(v ledger.Version) ([]file, error) {
	out := []file{}
	if v.Number == 0 {
		return out, nil
	}
	files, err := a.cfg.Files(v)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		href := "/api/runs/" + url.PathEscape(v.RunID) + "/files/" + url.PathEscape(f.Name)
		out = append(out, file{f.Name, f.Format, f.Bytes, f.SHA256, href})
	}
	return out, nil
}

// published finds the version that an id has led to.
func (a *API) published(ctx context.Context, r *http.Request, by ledger.Token) (v ledger.Version, err error) {
	f, err := a.find(ctx, r, by)
	if err != nil {
		return v, err
	}
	if f.run != nil {
		if v, err = a.versionOf(ctx, *f.run); err != nil {
			return v, err
		}
	}
	if v.Number == 0 {
		return v, problem.New(problem.NotFound, "nothing is published under this id")
	}
	return v, nil
}

func (a *API) files(w http.ResponseWriter, r *http.Request, by ledger.Token) error {
	if err := readQuery(r, nil); err != nil {
		return err
	}
	v, err := a.published(r.Context(), r, by)
	if err != nil {
		return err
	}
	files, err := a.filesOf(v)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, fileList{RunID: v.RunID, Files: files})
}

// file sends one file. A name is looked up in the manifest and never made into a path: what the manifest does not name is not
// there, however it is spelt.
func (a *API) file(w http.ResponseWriter, r *http.Request, by ledger.Token) error {
	if err := readQuery(r, nil); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), workTime)
	defer cancel()
	v, err := a.published(ctx, r, by)
	if err != nil {
		return err
	}
	files, err := a.cfg.Files(v)
	if err != nil {
		return err
	}
	name := r.PathValue("name")
	for _, f := range files {
		if f.Name == name {
			trace.Annotate(r.Context(), "run_id", v.RunID)
			return a.send(w, r, v, f)
		}
	}
	return problem.New(problem.NotFound, "the version has no file of this name")
}

func (a *API) send(w http.ResponseWriter, r *http.Request, v ledger.Version, f File) error {
	content := &stream{file: f, open: func() (opened, error) { return a.cfg.Open(r.Context(), path.Join(v.Path, f.Name)) }}
	defer content.close()
	// Before anything is said: a file that is not there must be a problem, not half an answer.
	err := content.begin(0)
	if errors.Is(err, fs.ErrNotExist) {
		a.cfg.Logger.ErrorContext(r.Context(), "a published file is gone", "run", v.RunID, "file", f.Name)
		return problem.New(problem.NotFound, "the file is no longer where it was kept")
	}
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", contentType(f.Format))
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": downloadName(v, f)}))
	h.Set("ETag", `"`+f.SHA256+`"`)
	h.Set("Cache-Control", "private, no-cache") // kept by who may see it, asked for each time: a token may have been revoked
	if strings.Contains(r.Header.Get("Range"), ",") {
		r.Header.Del("Range") // several parts at once are answered by the whole
	}
	to := &patient{ResponseWriter: w, time: writeTime}
	http.ServeContent(to, r, "", time.Time{}, content)
	switch {
	case to.refused == http.StatusRequestedRangeNotSatisfiable:
		return problem.New(problem.Range, "the file does not reach so far")
	case to.refused != 0:
		return problem.New(problem.Changed, "the file is another than the request says")
	case content.err != nil:
		a.cfg.Logger.ErrorContext(r.Context(), "a file was not sent whole", "run", v.RunID, "file", f.Name, "error", content.err)
		panic(http.ErrAbortHandler) // the connection ends: what was sent must not look whole
	}
	return nil
}

// downloadName is what a browser or curl -OJ calls the file: it says what is in it.
func downloadName(v ledger.Version, f File) string {
	parts := []string{v.Key.Report, v.Key.Period.String()}
	if v.Key.Tenant != "" {
		parts = append(parts, v.Key.Tenant)
	}
	return strings.Join(append(parts, fmt.Sprintf("v%d", v.Number), strings.ReplaceAll(f.Name, "/", "-")), "_")
}

// contentType is by the format alone: nothing in a file decides what a browser takes it for.
func contentType(format string) string {
	switch format {
	case "html":
		return "text/html; charset=utf-8"
	case "csv":
		return "text/csv; charset=utf-8"
	case "json":
		return "application/json"
	case "pdf":
		return "application/pdf"
	case "xlsx":
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case "parquet":
		return "application/vnd.apache.parquet"
	}
	return "application/octet-stream"
}
