package api

import (
	"context"
	"net/http"

	"github.com/monthend/monthend/console/problem"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// What became of an asking.
const (
	posted           = "posted" // it goes to the queue
	alreadyPublished = "already_published"
	alreadyRunning   = "already_running"
)

// asked is the answer to an asking.
type asked struct {
	Status    string `json:"status"`
	RequestID string `json:"request_id,omitempty"`
	RunID     string `json:"run_id,omitempty"`
	TraceID   string `json:"trace_id,omitempty"`
	Run       *run   `json:"run,omitempty"`
}

// Header fields of an asking that may be repeated.
const (
	keyHeader    = "Idempotency-Key"
	replayHeader = "Idempotency-Replayed"
)

const maxKey = 255 // characters of an idempotency key

// post answers an asking: with what there is already, or by posting the job to the queue, in the trace of this request. Under a
// key that was used before it repeats the answer given then, whatever has become of it since.
func (a *API) post(w http.ResponseWriter, r *http.Request, by ledger.Token, job report.Job) error {
	key, err := idempotencyKey(r)
	if err != nil {
		return err
	}
	what, err := job.Encode() // before it has an id: equal for equal askings, however they were written
	if err != nil {
		return err
	}
	ctx := r.Context()
	once := ledger.Once{TokenID: by.ID, Key: key, Asked: append([]byte(r.Method+" "+r.URL.Path+"\n"), what...)}
	kind, said, err := a.cfg.Ledger.AskedOnce(ctx, once)
	if err != nil {
		return err
	}
	if kind != ledger.OnceNew {
		return say(w, kind, said)
	}
	if err := a.canBe(ctx, job); err != nil {
		return err
	}
	if once.Said, once.Posting, err = a.decide(ctx, job); err != nil {
		return err
	}
	if kind, said, err = a.cfg.Ledger.AskOnce(ctx, once); err != nil {
		return err
	}
	if kind == ledger.OnceNew && len(once.Posting.Body) > 0 {
		a.cfg.Posted()
	}
	return say(w, kind, said)
}

// decide makes the answer to an asking, and the message that it takes.
func (a *API) decide(ctx context.Context, job report.Job) (said ledger.Said, posting ledger.Posting, err error) {
	trace.Annotate(ctx, "report", job.Report)
	trace.Annotate(ctx, "period", job.Period)
	if job.Tenant != "" {
		trace.Annotate(ctx, "tenant", job.Tenant)
	}
	period, err := report.ParsePeriod(job.Period)
	if err != nil {
		return said, posting, err
	}
	out := asked{TraceID: trace.ID(ctx)}
	if !job.Restate && a.forAll(job) {
		parent, err := a.parentInTheWay(ctx, job, period)
		if err != nil {
			return said, posting, err
		}
		if parent != "" {
			out.Status, out.RequestID = alreadyRunning, parent
			said = ledger.Said{Status: http.StatusOK, Location: "/api/runs/" + parent}
			said.Body, err = encode(out)
			return said, posting, err
		}
	}
	word, there, err := a.inTheWay(ctx, job, period)
	if err != nil {
		return said, posting, err
	}
	out.Status = word
	if word != "" {
		shown := newRun(there)
		out.RunID, out.Run = there.RunID, &shown
		trace.Annotate(ctx, "run_id", there.RunID)
		said = ledger.Said{Status: http.StatusOK, Location: "/api/runs/" + there.RunID}
	} else {
		job.RequestID = a.cfg.NewRequestID()
		out.Status, out.RequestID = posted, job.RequestID
		trace.Annotate(ctx, "request_id", job.RequestID)
		said = ledger.Said{Status: http.StatusAccepted, Location: "/api/runs/" + job.RequestID}
		if posting, err = message(job, period, trace.Header(ctx)); err != nil {
			return said, posting, err
		}
	}
	said.Body, err = encode(out)
	return said, posting, err
}

// message is the job as it is posted.
func message(job report.Job, period report.Period, header string) (p ledger.Posting, err error) {
	body, err := job.Encode()
	key := report.Key{Report: job.Report, Period: period, Tenant: job.Tenant}
	return ledger.Posting{RequestID: job.RequestID, Key: key, Body: body, TraceHeader: header}, err
}

// say answers as it was decided, now or before.
func say(w http.ResponseWriter, kind ledger.OnceKind, said ledger.Said) error {
	if kind == ledger.OnceOther {
		return &problem.Problem{Kind: problem.KeyReused, Field: keyHeader, Detail: "the key stands for another request of this token"}
	}
	if kind == ledger.OnceAgain {
		w.Header().Set(replayHeader, "true")
	}
	w.Header().Set("Location", said.Location)
	return answerText(w, said.Status, said.Body)
}

// idempotencyKey is the key of a request, "" for none.
func idempotencyKey(r *http.Request) (string, error) {
	given := r.Header.Values(keyHeader)
	switch {
	case len(given) == 0:
		return "", nil
	case len(given) > 1 || !visible(given[0], maxKey):
		return "", &problem.Problem{Kind: problem.Malformed, Field: keyHeader, Detail: "want one key of 1 to 255 visible ASCII characters"}
	}
	return given[0], nil
}
