package deliver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/monthend/monthend/trace/httptrace"
)

// ShortestSecret is how many bytes the secret of a webhook has at the least.
const ShortestSecret = 16

// maxAnswer is how many bytes of an answer are read, and thrown away, so that the connection may be used again.
const maxAnswer = 64 << 10

// hook brings webhooks.
type hook struct {
	cfg    *Config
	client *http.Client
}

func newHook(cfg *Config) hook {
	return hook{cfg: cfg, client: &http.Client{
		Transport: &httptrace.Transport{Base: cfg.Transport, HidePath: true},
		// Where to is what the definition says and the operator allows, not what an answer says.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// send posts the parcel. An answer of 2xx is its acceptance. 408, 425, 429, 5xx and no answer at all are tried again; any other
// answer is the recipient's no.
func (h hook) send(ctx context.Context, p parcel) error {
	target := p.Recipient.Webhook
	secret := h.cfg.Secret(target.SecretEnv)
	if len(secret) < ShortestSecret {
		return &FinalError{fmt.Errorf("webhook: the worker's %s is not set, or is shorter than %d characters", target.SecretEnv, ShortestSecret)}
	}
	body, err := p.body()
	if err != nil {
		return &FinalError{err}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target.URL, bytes.NewReader(body))
	if err != nil {
		return &FinalError{errors.New("webhook: its url cannot be read")} // the cause would quote it
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "monthend")
	request.Header.Set("Idempotency-Key", p.ID)
	request.Header.Set(SignatureHeader, Sign([]byte(secret), body, time.Now()))
	response, err := h.client.Do(request)
	if err != nil {
		return fmt.Errorf("webhook: %w", quiet(err))
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxAnswer)) // what it says beside the status is not ours to keep
	return judgeStatus(response)
}

// quiet drops the method and URL that http.Client adds: the URL may hold a token, and the row says where to.
func quiet(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

func judgeStatus(r *http.Response) error {
	err := fmt.Errorf("webhook: it answered %d %s", r.StatusCode, http.StatusText(r.StatusCode))
	switch {
	case r.StatusCode/100 == 2:
		return nil
	case r.StatusCode/100 == 3:
		return &FinalError{fmt.Errorf("%w: redirects are not followed", err)}
	case r.StatusCode == http.StatusRequestTimeout, r.StatusCode == http.StatusTooEarly, r.StatusCode == http.StatusTooManyRequests, r.StatusCode >= 500:
		return &laterError{after: retryAfter(r.Header.Get("Retry-After"), time.Now()), err: err}
	}
	return &FinalError{err}
}

// retryAfter reads either form of the header; 0 is no wish.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
		return time.Duration(max(0, seconds)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
