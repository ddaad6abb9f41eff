// Package bearer knows who asks over HTTP: it reads the bearer token of a request and finds whose it is. It stands beside the
// other rooms of the console, above the ledger that keeps the tokens. What a token allows is for the handlers to ask.
package bearer

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/monthend/monthend/pipeline/ledger"
)

// Ledger is where the tokens are kept.
type Ledger interface {
	TokenOf(ctx context.Context, secret string) (ledger.Token, error) // ledger.ErrNotFound: nobody's, revoked or expired
	AnyToken(ctx context.Context) (bool, error)
}

// Config says who is asked for a token.
type Config struct {
	Ledger   Ledger
	Insecure bool // nobody needs one
	Loopback bool // nobody needs one until the first is made, whatever becomes of it then
	Now      func() time.Time
}

// keep is how long a token that was found is believed, and with it how long one that is revoked may still be used.
const keep = 3 * time.Second

// Tokens finds whose a token is. It is safe for concurrent use.
type Tokens struct {
	cfg Config

	mu    sync.Mutex
	found map[[sha256.Size]byte]finding // as many as there are tokens, at the most: what nobody has is not kept
	shut  bool                          // a token was made once
	asked time.Time                     // when that was last asked
}

type finding struct {
	token ledger.Token
	until time.Time
}

// New checks the configuration.
func New(cfg Config) (*Tokens, error) {
	if cfg.Ledger == nil {
		return nil, errors.New("set up the tokens: no ledger")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Tokens{cfg: cfg, found: map[[sha256.Size]byte]finding{}}, nil
}

// Anonymous is who asks without a token where none is needed.
var Anonymous = ledger.Token{Name: "anonymous", Scopes: []ledger.Scope{ledger.ScopeAdmin}}

// Secret is the bearer token of a request. given is false when there is no Authorization at all; anything that is not one
// bearer token is given and empty, which is nobody's.
func Secret(r *http.Request) (secret string, given bool) {
	headers := r.Header.Values("Authorization")
	if len(headers) == 0 {
		return "", false
	}
	scheme, secret, _ := strings.Cut(headers[0], " ")
	if len(headers) > 1 || !strings.EqualFold(scheme, "Bearer") {
		return "", true
	}
	return strings.TrimSpace(secret), true
}

// Known is the token of a secret that was found a moment ago: it costs nothing to ask.
func (t *Tokens) Known(secret string) (ledger.Token, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.cfg.Now()
	f, ok := t.found[sha256.Sum256([]byte(secret))]
	if !ok || now.After(f.until) || !f.token.ExpiresAt.IsZero() && now.After(f.token.ExpiresAt) {
		return ledger.Token{}, false
	}
	return f.token, true
}

// Find asks the ledger whose a secret is. ledger.ErrNotFound: nobody's.
func (t *Tokens) Find(ctx context.Context, secret string) (ledger.Token, error) {
	token, err := t.cfg.Ledger.TokenOf(ctx, secret)
	key := sha256.Sum256([]byte(secret))
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		delete(t.found, key)
		return ledger.Token{}, err
	}
	t.found[key] = finding{token, t.cfg.Now().Add(keep)}
	t.shut = true
	return token, nil
}

// Needed reports whether a request needs a token. On loopback none is needed as long as nobody has ever made one: with the
// first, the door is shut, and it stays shut when that one is revoked or expires.
func (t *Tokens) Needed(ctx context.Context) (bool, error) {
	if t.cfg.Insecure {
		return false, nil
	}
	if !t.cfg.Loopback {
		return true, nil
	}
	t.mu.Lock()
	shut, fresh := t.shut, !t.asked.IsZero() && t.cfg.Now().Sub(t.asked) < keep
	t.mu.Unlock()
	if shut || fresh {
		return shut, nil
	}
	any, err := t.cfg.Ledger.AnyToken(ctx)
	if err != nil {
		return true, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.shut, t.asked = t.shut || any, t.cfg.Now()
	return t.shut, nil
}
