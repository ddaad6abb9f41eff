package remote

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io/fs"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
	"github.com/monthend/monthend/trace/httptrace"
)

// DefaultTimeout is of a call whose definition names none.
const DefaultTimeout = 30 * time.Second

// maxRedirects is how far a host may send a call about itself.
const maxRedirects = 5

// call asks an HTTP source, again after passing trouble, and tells of it as one remote subsegment, however often it asked.
func (f *Fetcher) call(ctx context.Context, o *report.Outside, address, to string, limit int64) (Receipt, error) {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return Receipt{}, refuse("the address is not a URL") // the parser would quote it, query and all
	}
	shown := u.Scheme + "://" + u.Host + u.EscapedPath()
	if err := f.allowed(u); err != nil {
		return Receipt{}, err
	}
	header, err := f.header(o)
	if err != nil {
		return Receipt{}, err
	}
	ctx, sub := trace.StartRemote(ctx, u.Host)
	defer sub.Guard()
	c := &call{Fetcher: f, url: u, header: header, format: o.Format, timeout: cmp.Or(o.Timeout, DefaultTimeout), to: to, limit: limit}
	if sub != nil {
		c.header.Set(httptrace.Header, sub.Header())
	}
	receipt, err := c.try(ctx, o.Retries)
	receipt.URL = shown
	told := trace.HTTP{Request: &trace.HTTPRequest{Method: http.MethodGet, URL: shown}}
	if c.status != 0 {
		told.Response = &trace.HTTPResponse{Status: c.status, ContentLength: receipt.Bytes}
	}
	sub.SetHTTP(told)
	sub.Metadata("retries", receipt.Retries)
	if c.media != "" {
		sub.Metadata("content_type", c.media)
	}
	sub.End(err)
	return receipt, err
}

// header makes the headers of a call; secrets come in here, and go nowhere else.
func (f *Fetcher) header(o *report.Outside) (http.Header, error) {
	header := http.Header{"Accept": {accepted[o.Format].ask}, "Accept-Encoding": {"gzip"}, "User-Agent": {"monthend"}}
	for _, h := range o.Headers {
		value := h.Value
		if h.Env != "" {
			var set bool
			if value, set = f.cfg.Secrets[h.Env]; !set || value == "" {
				return nil, refuse("header %q: the worker has no variable %s", h.Name, h.Env)
			}
			if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
				return nil, refuse("header %q: the variable %s has characters that no header has", h.Name, h.Env)
			}
		}
		header.Set(h.Name, value)
	}
	return header, nil
}

// accepted says, by format, what is asked for and which media types are taken for it.
var accepted = map[string]struct {
	ask   string
	types []string
}{
	report.OutsideJSON:    {"application/json", []string{"application/json", "text/json", "text/plain", "application/octet-stream", "binary/octet-stream"}},
	report.OutsideCSV:     {"text/csv", []string{"text/csv", "application/csv", "text/plain", "application/octet-stream", "binary/octet-stream", "application/vnd.ms-excel"}},
	report.OutsideParquet: {"application/vnd.apache.parquet", []string{"application/vnd.apache.parquet", "application/parquet", "application/octet-stream", "binary/octet-stream"}},
}

// call is one call with its retries.
type call struct {
	*Fetcher
	url     *url.URL
	header  http.Header
	format  string
	timeout time.Duration
	to      string
	limit   int64

	status int    // of the last answer
	media  string // its media type
}

// try asks once and again.
func (c *call) try(ctx context.Context, retries int) (receipt Receipt, err error) {
	for tried := 0; ; tried++ {
		var after time.Duration
		receipt, after, err = c.once(ctx)
		receipt.Retries = tried
		if cause := context.Cause(ctx); err != nil && cause != nil {
			return receipt, cause
		}
		if err == nil || !IsTransient(err) || tried >= retries || after > longestWait {
			return receipt, err
		}
		if ended := c.cfg.Wait(ctx, max(after, pause(tried))); ended != nil {
			return receipt, ended
		}
	}
}

// once asks one time, and saves the answer.
func (c *call) once(ctx context.Context) (receipt Receipt, after time.Duration, err error) {
	timed, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(timed, http.MethodGet, c.url.String(), nil)
	if err != nil {
		return receipt, 0, refuse("the address is not a URL")
	}
	request.Header = c.header.Clone()
	c.status, c.media = 0, ""
	response, err := c.client.Do(request)
	if err != nil {
		return receipt, 0, c.explain(timed, err)
	}
	defer response.Body.Close()
	c.status, receipt.Status = response.StatusCode, response.StatusCode
	c.media = mediaType(response.Header.Get("Content-Type"))
	if err := c.judge(response); err != nil {
		return receipt, c.retryAfter(response.Header), err
	}
	receipt.Bytes, receipt.SHA256, err = c.save(response)
	if err != nil {
		return receipt, 0, c.explain(timed, err)
	}
	return receipt, 0, nil
}

// judge decides by status and header whether the answer is one to read.
func (c *call) judge(r *http.Response) error {
	switch status := r.StatusCode; {
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status == http.StatusTooEarly, status >= 500:
		return &Error{Status: status, Transient: true, Message: answered(status)}
	case status != http.StatusOK:
		return &Error{Status: status, Message: answered(status)}
	case r.ContentLength > c.limit:
		return c.tooLarge()
	case c.media != "" && !slices.Contains(accepted[c.format].types, c.media) && !(c.format == report.OutsideJSON && strings.HasSuffix(c.media, "+json")):
		return refuse("it answered %q, where %s is wanted", c.media, c.format)
	}
	return nil
}

func answered(status int) string {
	return strings.TrimSpace("it answered " + http.StatusText(status) + " (" + itoa(status) + ")")
}

func (c *call) tooLarge() error { return tooLarge(c.limit) }

// mediaType is a Content-Type without its parameters, "" for what is none.
func mediaType(header string) string {
	media, _, err := mime.ParseMediaType(header)
	if err != nil || len(media) > 100 {
		return ""
	}
	return media
}

// checkRedirect follows an answer to another path of the same host, never to another host, port or scheme.
func checkRedirect(next *http.Request, via []*http.Request) error {
	first := via[0].URL
	name, port := hostOf(next.URL)
	wantName, wantPort := hostOf(first)
	switch {
	case next.URL.Scheme != first.Scheme || name != wantName || port != wantPort || next.URL.User != nil:
		return refuse("it sends the call on to another host, which is not followed")
	case len(via) > maxRedirects:
		return refuse("it sends the call on and on")
	}
	next.Header.Del("Referer") // it would hold the query of the URL before
	return nil
}

// explain turns an error of the client into one of ours. The client's own holds the URL, which is not told.
func (c *call) explain(timed context.Context, err error) error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	var disk *fs.PathError
	if errors.As(err, &disk) {
		return err // ours, and not the other side's
	}
	if errors.Is(timed.Err(), context.DeadlineExceeded) {
		return passing(context.DeadlineExceeded, "there is no whole answer within %s", c.timeout)
	}
	var wrapped *url.Error
	for errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	var certificate *tls.CertificateVerificationError
	var lookup *net.DNSError
	switch {
	case errors.As(err, &certificate):
		return refuse("its certificate is not accepted: %v", certificate.Err)
	case errors.As(err, &lookup):
		return passing(err, "its name cannot be looked up: %s", lookup.Err)
	}
	return passing(err, "connection: %v", err)
}
