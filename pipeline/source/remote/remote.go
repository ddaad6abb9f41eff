// Package remote brings what an extract reads from outside into a file of the run: the answer of an HTTP call, an object of S3, a
// file of the machine. It stands below source, which makes rows of it, and decides alone who may be called: nobody, unless the
// operator says so. It does not know rows, columns or formats beyond the media type that it asks for.
//
// A definition is written by somebody who may read reports, not by somebody who may reach everything that the worker can. So hosts and
// folders come from the operator, an address is looked at when it is dialled and not when its name is looked up, no answer leads
// to another host, no proxy is asked, and only variables with a prefix of their own are sent to anybody.
package remote

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/monthend/monthend/report"
)

// Config says who may be called and how much may come. The zero value allows nobody.
type Config struct {
	Hosts   []Host
	Folders []Folder
	Secrets map[string]string // variables that headers may name, by name; all begin with report.SecretPrefix
	Objects Objects           // S3; nil where no folder is there

	MaxBytes int64 // of one answer or file, unpacked; 0 is 64 MB
	MaxRows  int64 // of one extract; 0 is a million

	Resolver *net.Resolver                                    // nil is the system's
	RootCAs  *x509.CertPool                                   // nil is the system's
	Now      func() time.Time                                 // for dates in Retry-After; nil is time.Now
	Wait     func(ctx context.Context, d time.Duration) error // between two calls; nil really waits
}

// Objects reads the objects of S3.
type Objects interface {
	// Object opens an object. An error that has an HTTP status says so by a method HTTPStatusCode() int.
	Object(ctx context.Context, bucket, key string) (io.ReadCloser, error)
}

// The limits where the operator has set none.
const (
	DefaultMaxBytes = 64 << 20
	DefaultMaxRows  = 1_000_000
)

// Fetcher brings what is allowed. It is safe for use by several goroutines.
type Fetcher struct {
	cfg    Config
	client *http.Client
}

// New checks cfg.
func New(cfg Config) (*Fetcher, error) {
	if cfg.MaxBytes < 0 || cfg.MaxRows < 0 {
		return nil, errors.New("outside sources: a limit is negative")
	}
	cfg.MaxBytes = cmp.Or(cfg.MaxBytes, DefaultMaxBytes)
	cfg.MaxRows = cmp.Or(cfg.MaxRows, DefaultMaxRows)
	for name := range cfg.Secrets {
		if !strings.HasPrefix(name, report.SecretPrefix) {
			return nil, fmt.Errorf("outside sources: variable %q does not begin with %s", name, report.SecretPrefix)
		}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Wait == nil {
		cfg.Wait = wait
	}
	f := &Fetcher{cfg: cfg}
	f.client = &http.Client{
		CheckRedirect: checkRedirect,
		Transport: &http.Transport{
			Proxy:                  nil, // a proxy would be dialled in place of the host, and the host by the proxy, unseen
			DialContext:            f.dial,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: cfg.RootCAs},
			TLSHandshakeTimeout:    10 * time.Second,
			ForceAttemptHTTP2:      true,
			MaxResponseHeaderBytes: 64 << 10,
			DisableCompression:     true, // it is unpacked here, where it is counted
			DisableKeepAlives:      true, // a month asks once
		},
	}
	return f, nil
}

// Receipt says what came and from where. It holds no secret: of a URL neither its query nor a header.
type Receipt struct {
	URL     string `json:"url"`
	Status  int    `json:"status,omitempty"` // of HTTP
	Retries int    `json:"retries,omitempty"`
	Bytes   int64  `json:"bytes"` // unpacked, as is the hash
	SHA256  string `json:"sha256"`
}

// Fetch brings what stands at an address, which is o's with its parameters put in, into the new file to.
func (f *Fetcher) Fetch(ctx context.Context, o *report.Outside, address, to string) (Receipt, error) {
	_, limit, err := f.Limits(o)
	if err != nil {
		return Receipt{}, err
	}
	if o.URL != "" {
		return f.call(ctx, o, address, to, limit)
	}
	return f.open(ctx, address, to, limit)
}

// Limits are how many rows of an extract there may be, and how many bytes: the definition's, up to the operator's.
func (f *Fetcher) Limits(o *report.Outside) (rows, bytes int64, err error) {
	switch {
	case o.MaxMB > f.cfg.MaxBytes>>20:
		return 0, 0, refuse("max_mb is %d, and the operator allows %d (MONTHEND_SOURCE_MAX_MB)", o.MaxMB, f.cfg.MaxBytes>>20)
	case o.MaxRows > f.cfg.MaxRows:
		return 0, 0, refuse("max_rows is %d, and the operator allows %d (MONTHEND_SOURCE_MAX_ROWS)", o.MaxRows, f.cfg.MaxRows)
	}
	return cmp.Or(o.MaxRows, f.cfg.MaxRows), cmp.Or(o.MaxMB<<20, f.cfg.MaxBytes), nil
}

// wait waits, or gives ctx's cause.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
