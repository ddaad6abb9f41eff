package ledger

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Scope is a kind of thing that a token allows.
type Scope string

const (
	ScopeRead    Scope = "read"    // see runs, versions and reports, and fetch files
	ScopeTrigger Scope = "trigger" // ask for a month, and attempt a run again
	ScopeAdmin   Scope = "admin"   // end runs and requests of others, and all that the other scopes allow
)

// Scopes are all of them.
var Scopes = []Scope{ScopeRead, ScopeTrigger, ScopeAdmin}

// TokenPrefix begins every secret, so that one that was pasted somewhere is recognised.
const TokenPrefix = "mth_"

// secretBytes are the random bytes of a secret: with 256 bits there is nothing to guess, so a plain hash keeps it.
const secretBytes = 32

// secretLength is how long a secret is, with its prefix.
const secretLength = len(TokenPrefix) + 52

var (
	// ErrTokenNameTaken says that a token of that name is in use; two could not be told apart in the records.
	ErrTokenNameTaken = errors.New("a token of this name is in use")
	// ErrTokenNameBad says that the name is no name for a token.
	ErrTokenNameBad = errors.New("the name is not 1 to 64 letters, digits, '.', '_', '@' and '-'")
)

// Token is who may ask over HTTP. The secret itself is kept nowhere.
type Token struct {
	ID         string
	Name       string // stands in the records as who asked
	Scopes     []Scope
	Reports    []string // all when empty
	Tenants    []string // all when empty
	CreatedAt  time.Time
	CreatedBy  string
	ExpiresAt  time.Time // zero: never
	RevokedAt  time.Time // zero: not revoked
	LastUsedAt time.Time // to the minute; zero: never
}

// May reports whether the token has the scope.
func (t Token) May(scope Scope) bool {
	return slices.Contains(t.Scopes, scope) || slices.Contains(t.Scopes, ScopeAdmin)
}

// Covers reports whether the token reaches as far as this report and tenant.
func (t Token) Covers(report, tenant string) bool {
	return (len(t.Reports) == 0 || slices.Contains(t.Reports, report)) && (len(t.Tenants) == 0 || slices.Contains(t.Tenants, tenant))
}

// Grant is what a new token is to allow.
type Grant struct {
	Name    string
	Scopes  []Scope
	Reports []string
	Tenants []string
	Days    int    // until it expires, by the database's clock; 0: never
	By      string // who makes it
}

const selectTokens = `
	SELECT token_id, name, scopes, reports, tenants, created_at, created_by, expires_at, revoked_at, last_used_at, hash FROM `

// CreateToken makes a token and its secret, which is answered here and never again. ErrTokenNameTaken and ErrTokenNameBad are
// mistakes of who asks.
func (s *Store) CreateToken(ctx context.Context, g Grant) (secret string, t Token, err error) {
	raw := make([]byte, secretBytes)
	rand.Read(raw) // never fails: the runtime ends the program first
	secret = TokenPrefix + crockford.EncodeToString(raw)
	hash := sha256.Sum256([]byte(secret))
	id := "tok_" + strings.TrimPrefix(NewID(), "run_")
	_, err = s.pool.Exec(ctx, `
		INSERT INTO monthend.tokens (token_id, name, hash, scopes, reports, tenants, created_by, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, CASE WHEN $8 > 0 THEN clock_timestamp() + make_interval(days => $8) END)`,
		id, g.Name, hash[:], g.Scopes, list(g.Reports), list(g.Tenants), clip(g.By, maxName), g.Days)
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused) && refused.ConstraintName == "one_live_token_a_name":
		err = ErrTokenNameTaken
	case errors.As(err, &refused) && refused.ConstraintName == "tokens_name_check":
		err = ErrTokenNameBad
	}
	if err != nil {
		return "", Token{}, fmt.Errorf("ledger: make token %q: %w", clip(g.Name, maxName), err)
	}
	tokens, err := s.tokens(ctx, `monthend.tokens WHERE token_id = $1`, id)
	if err != nil || len(tokens) != 1 {
		return "", Token{}, fmt.Errorf("ledger: read token %q: %w", g.Name, errors.Join(err, ErrNotFound))
	}
	return secret, tokens[0].Token, nil
}

// list is a slice that becomes an empty array, not NULL.
func list(values []string) []string { return append([]string{}, values...) }

// Tokens are all tokens, revoked ones included, the newest first.
func (s *Store) Tokens(ctx context.Context) ([]Token, error) {
	found, err := s.tokens(ctx, `monthend.tokens ORDER BY created_at DESC, token_id DESC`)
	tokens := make([]Token, len(found))
	for i, t := range found {
		tokens[i] = t.Token
	}
	return tokens, wrapUnlessNil(err, "ledger: list the tokens")
}

// RevokeToken ends a token, by its name or its id, in the name of by. ErrNotFound: none that is in use has it.
func (s *Store) RevokeToken(ctx context.Context, name, by string) (Token, error) {
	var id string
	err := s.pool.QueryRow(ctx, `
		UPDATE monthend.tokens SET revoked_at = clock_timestamp(), revoked_by = $2
		 WHERE (name = $1 OR token_id = $1) AND revoked_at IS NULL RETURNING token_id`, name, clip(by, maxName)).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNotFound
	}
	var found []storedToken
	if err == nil {
		found, err = s.tokens(ctx, `monthend.tokens WHERE token_id = $1`, id)
	}
	if err != nil || len(found) != 1 {
		return Token{}, fmt.Errorf("ledger: revoke token %q: %w", clip(name, maxName), errors.Join(err, ErrNotFound))
	}
	return found[0].Token, nil
}

// TokenOf finds who a secret belongs to, and notes that it was used. ErrNotFound: it is nobody's, revoked or expired.
func (s *Store) TokenOf(ctx context.Context, secret string) (Token, error) {
	if len(secret) != secretLength || !strings.HasPrefix(secret, TokenPrefix) {
		return Token{}, fmt.Errorf("ledger: find a token: %w", ErrNotFound)
	}
	hash := sha256.Sum256([]byte(secret))
	found, err := repeat(ctx, func() ([]storedToken, error) { return s.tokens(ctx, `monthend.use_token($1)`, hash[:]) })
	if err == nil && (len(found) != 1 || subtle.ConstantTimeCompare(found[0].hash, hash[:]) != 1) {
		err = ErrNotFound
	}
	if err != nil {
		return Token{}, fmt.Errorf("ledger: find a token: %w", err)
	}
	return found[0].Token, nil
}

// AnyToken reports whether a token was ever made, whatever has become of it.
func (s *Store) AnyToken(ctx context.Context) (bool, error) {
	var any bool
	err := s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM monthend.tokens)`).Scan(&any)
	return any, wrapUnlessNil(err, "ledger: look for tokens")
}

type storedToken struct {
	Token
	hash []byte
}

func (s *Store) tokens(ctx context.Context, from string, args ...any) ([]storedToken, error) {
	rows, err := s.pool.Query(ctx, selectTokens+from, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (storedToken, error) {
		var t storedToken
		var expires, revoked, used *time.Time
		err := row.Scan(&t.ID, &t.Name, &t.Scopes, &t.Reports, &t.Tenants, &t.CreatedAt, &t.CreatedBy, &expires, &revoked, &used, &t.hash)
		t.CreatedAt, t.ExpiresAt = t.CreatedAt.UTC(), value(expires).UTC()
		t.RevokedAt, t.LastUsedAt = value(revoked).UTC(), value(used).UTC()
		return t, err
	})
}
