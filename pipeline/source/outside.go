package source

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/monthend/monthend/pipeline/column"
	"github.com/monthend/monthend/pipeline/source/remote"
	"github.com/monthend/monthend/report"
)

// Outside reads the extracts that are no queries: answers over HTTP, objects of S3, files. It is safe for use by several goroutines.
type Outside struct{ fetcher *remote.Fetcher }

// OpenOutside checks cfg. Its zero value allows nothing.
func OpenOutside(cfg remote.Config) (*Outside, error) {
	fetcher, err := remote.New(cfg)
	if err != nil {
		return nil, err
	}
	return &Outside{fetcher}, nil
}

// Fetched is what one extract brought, in a file of the run.
type Fetched struct {
	Receipt  remote.Receipt
	File     string
	query    report.Extract
	format   string
	maxRows  int64
	maxBytes int64
}

// Fetch brings the rows of an extract into the new file, as they come. Errors are classed by IsTransient and IsPermanent.
func (o *Outside) Fetch(ctx context.Context, q report.Extract, p Params, file string) (*Fetched, error) {
	rows, bytes, err := o.fetcher.Limits(q.Outside)
	if err != nil {
		return nil, err
	}
	address, err := q.Outside.Address(p.outside())
	if err != nil {
		return nil, mistake("%v", err)
	}
	receipt, err := o.fetcher.Fetch(ctx, q.Outside, address, file)
	if err != nil {
		return nil, err
	}
	return &Fetched{Receipt: receipt, File: file, query: q, format: q.Outside.Format, maxRows: rows, maxBytes: bytes}, nil
}

// Permits tells whether the operator allows what an extract names, without calling anybody.
func (o *Outside) Permits(q report.Extract, p Params) error {
	address, err := q.Outside.Address(p.outside())
	if err != nil {
		return mistake("%v", err)
	}
	return o.fetcher.Permits(q.Outside, address)
}

// outside are the parameters of a URL or a file's name. Instants are RFC 3339.
func (p Params) outside() map[string]string {
	return map[string]string{
		"period":       p.PeriodFirst.Format("2006-01"),
		"period_first": p.PeriodFirst.Format(time.DateOnly),
		"period_last":  p.PeriodNext.AddDate(0, 0, -1).Format(time.DateOnly),
		"period_next":  p.PeriodNext.Format(time.DateOnly),
		"period_start": p.PeriodStart.Format(time.RFC3339),
		"period_end":   p.PeriodEnd.Format(time.RFC3339),
		"tenant":       p.Tenant,
	}
}

// Limits are how many rows there may be, and how many bytes of them.
func (f *Fetched) Limits() (rows, bytes int64) { return f.maxRows, f.maxBytes }

// Unpacked has the rows read from another file, as CSV: the engine has taken a Parquet file apart.
func (f *Fetched) Unpacked(file string) {
	f.File, f.format = file, report.OutsideCSV
}

// Rows reads the rows. Close gives the file up.
func (f *Fetched) Rows() (*Given, error) {
	file, err := os.Open(f.File)
	if err != nil {
		return nil, err
	}
	given, err := newGiven(f.query, f.format, f.maxRows, file)
	if err != nil {
		file.Close()
		return nil, err
	}
	given.file = file
	return given, nil
}

// Declared are the columns that an extract from outside declares.
func Declared(q report.Extract) ([]column.Column, error) {
	columns := make([]column.Column, len(q.Outside.Columns))
	for i, c := range q.Outside.Columns {
		t, _, err := typeOf(c.Type)
		if err != nil {
			return nil, mistakeIn(q, "column %q: %v", c.Name, err)
		}
		columns[i] = column.Column{Name: c.Name, Type: t}
	}
	return columns, nil
}

// ExplainOutside says what an extract from outside asks for, without asking. No secret is in it, but the names of those that are sent.
func ExplainOutside(q report.Extract, p Params) (Explained, error) {
	o := q.Outside
	address, err := o.Address(p.outside())
	if err != nil {
		return Explained{}, mistake("%v", err)
	}
	e := Explained{SQL: address}
	tell := func(format string, args ...any) { e.Plan = append(e.Plan, fmt.Sprintf(format, args...)) }
	if o.URL != "" {
		e.SQL = "GET " + address
		tell("timeout %s; calls after passing trouble: %d", cmp.Or(o.Timeout, remote.DefaultTimeout), o.Retries)
		for _, h := range o.Headers {
			if h.Env != "" {
				tell("header %s: from the variable %s", h.Name, h.Env)
			} else {
				tell("header %s: %s", h.Name, h.Value)
			}
		}
	}
	where := ""
	if o.Format == report.OutsideJSON {
		where = ", the list of objects at " + cmp.Or(o.Rows, "the top")
	}
	tell("format %s%s", o.Format, where)
	for _, c := range o.Columns {
		tell("column %s %s", c.Name, c.Type)
	}
	return e, nil
}

// rowDecoder hands out one row after the other; row has a place for each column. At the end it returns io.EOF.
type rowDecoder interface {
	next(row []given) error
}

// given is one value as it was written.
type given struct {
	text string
	null bool
}

func newDecoder(q report.Extract, format string, r io.Reader) (rowDecoder, error) {
	switch format {
	case report.OutsideJSON:
		return newJSONRows(q, r)
	case report.OutsideCSV:
		return newCSVRows(q, r)
	}
	return nil, mistakeIn(q, "format %q is not read here", format)
}
