// Package commentary asks a language model for a draft in words of what datasets say, and keeps of it what the datasets bear out. It
// stands in pipeline above the vocabulary of report. It decides nothing: no figure depends on it, what it says is marked as a
// draft, and whoever cannot have it goes on without. It does not keep what it was told, and does not draw.
package commentary

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// Config is the operator's: which model is asked, at any endpoint that speaks OpenAI's chat completions.
type Config struct {
	URL     string        // of the API, such as https://api.openai.com/v1
	Model   string        // as the endpoint calls it
	Key     string        // "" for an endpoint that wants none
	Timeout time.Duration // of everything; 0 is 20 s
}

// The bounds of what is sent and taken.
const (
	maxTimeout    = time.Minute
	maxPrompt     = 48 << 10  // bytes
	maxAnswer     = 256 << 10 // bytes of HTTP
	maxText       = 6000      // characters of the draft
	maxTokens     = 1200      // that the model may write
	maxParagraphs = 5
)

// Drafter asks for drafts. It is safe for use by several goroutines.
type Drafter struct {
	cfg  Config
	host string
	chat openai.ChatCompletionService
}

// New checks cfg.
func New(cfg Config) (*Drafter, error) {
	u, err := url.Parse(cfg.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("the commentary's URL is not of the form https://host/v1")
	case cfg.Model == "":
		return nil, errors.New("the commentary's model is not named")
	case cfg.Timeout < 0 || cfg.Timeout > maxTimeout:
		return nil, fmt.Errorf("the commentary's timeout is not up to %s", maxTimeout)
	}
	cfg.Timeout = cmp.Or(cfg.Timeout, 20*time.Second)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true // a month asks once
	options := []option.RequestOption{
		option.WithBaseURL(strings.TrimSuffix(cfg.URL, "/") + "/"),
		option.WithMaxRetries(0), // the report does not wait for a second try
		option.WithHTTPClient(&http.Client{Transport: bounded{transport}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}),
	}
	if cfg.Key != "" {
		options = append(options, option.WithAPIKey(cfg.Key))
	}
	// The service and not the client: that one would read variables of its own.
	return &Drafter{cfg: cfg, host: u.Host, chat: openai.NewChatCompletionService(options...)}, nil
}

// bounded ends answers that are too long.
type bounded struct{ base http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.base.RoundTrip(r)
	if err == nil {
		response.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(response.Body, maxAnswer), response.Body}
	}
	return response, err
}

// Draft is what is left of an answer.
type Draft struct {
	Paragraphs []string // fit for a page; the datasets hold every number in them
	Discarded  int      // paragraphs that had another number, or something else that is not taken
	Model      string   // as the endpoint says
	Tokens     int64    // used, in and out
}

// Request is what a draft is about.
type Request struct {
	Commentary report.Commentary
	Title      string
	Currency   string
	Locale     report.Locale
	Period     report.Period
	Datasets   []report.Dataset // all of the definition's
}

// Draft asks once, within the time of the Config. An error holds nothing that was sent or said. It is told as a remote subsegment
// with the model and the tokens used.
func (d *Drafter) Draft(ctx context.Context, r Request) (draft Draft, err error) {
	shared, err := r.shared()
	if err != nil {
		return draft, err
	}
	ctx, cancel := context.WithTimeout(ctx, d.cfg.Timeout)
	defer cancel()
	ctx, sub := trace.StartRemote(ctx, d.host)
	defer sub.Guard()
	status := 0
	text := ""
	text, status, err = d.ask(ctx, r, shared, &draft)
	told := trace.HTTP{Request: &trace.HTTPRequest{Method: http.MethodPost, URL: strings.TrimSuffix(d.cfg.URL, "/") + "/chat/completions"}}
	if status != 0 {
		told.Response = &trace.HTTPResponse{Status: status}
	}
	sub.SetHTTP(told)
	sub.Metadata("model", cmp.Or(draft.Model, d.cfg.Model))
	sub.Metadata("tokens_used", draft.Tokens)
	if err == nil {
		draft.Paragraphs, draft.Discarded = newChecker(r).keep(text)
		sub.Metadata("paragraphs", len(draft.Paragraphs))
		sub.Metadata("paragraphs_discarded", draft.Discarded)
		if len(draft.Paragraphs) == 0 {
			err = &Error{Message: "no paragraph of the draft was borne out by the datasets"}
		}
	}
	sub.End(err)
	return draft, err
}

// ask sends the prompt and takes the text.
func (d *Drafter) ask(ctx context.Context, r Request, shared string, draft *Draft) (text string, status int, err error) {
	completion, err := d.chat.New(ctx, openai.ChatCompletionNewParams{
		Model:               d.cfg.Model,
		Messages:            []openai.ChatCompletionMessageParamUnion{openai.SystemMessage(r.rules()), openai.UserMessage(shared)},
		MaxCompletionTokens: openai.Int(maxTokens),
	})
	if err != nil {
		return "", statusOf(err), d.explain(ctx, err)
	}
	draft.Tokens = completion.Usage.TotalTokens
	if draft.Model = completion.Model; len(draft.Model) > 100 {
		draft.Model = d.cfg.Model
	}
	if len(completion.Choices) == 0 {
		return "", http.StatusOK, &Error{Message: "the model said nothing"}
	}
	text = completion.Choices[0].Message.Content
	if len([]rune(text)) > maxText {
		return "", http.StatusOK, &Error{Message: "the model said too much"}
	}
	return text, http.StatusOK, nil
}

// Error is why there is no draft. It holds nothing that was sent or said.
type Error struct {
	Status  int // of HTTP; 0 without an answer
	Message string
}

func (e *Error) Error() string { return e.Message }

// TraceClass is "throttle" and "error" by the status, "error" for a draft that is no good, else "fault".
func (e *Error) TraceClass() string {
	switch {
	case e.Status == http.StatusTooManyRequests:
		return "throttle"
	case e.Status == 0 || e.Status >= 500:
		return "fault"
	}
	return "error"
}

func statusOf(err error) int {
	var answered *openai.Error
	if errors.As(err, &answered) {
		return answered.StatusCode
	}
	return 0
}

// explain drops what the client says: it quotes the request and the answer.
func (d *Drafter) explain(ctx context.Context, err error) error {
	if status := statusOf(err); status != 0 {
		return &Error{Status: status, Message: fmt.Sprintf("the model's endpoint answered %d", status)}
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &Error{Message: fmt.Sprintf("the model said nothing within %s", d.cfg.Timeout)}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return &Error{Message: "the model's endpoint cannot be reached, or does not speak the language"}
}
