package bearer_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/monthend/monthend/console/bearer"
	"github.com/monthend/monthend/pipeline/ledger"
)

// book is a ledger of tokens that counts how often it is asked.
type book struct {
	tokens map[string]ledger.Token
	made   bool
	err    error
	asked  int
}

func (b *book) TokenOf(_ context.Context, secret string) (ledger.Token, error) {
	b.asked++
	token, ok := b.tokens[secret]
	if !ok {
		return token, errors.Join(b.err, ledger.ErrNotFound)
	}
	return token, b.err
}

func (b *book) AnyToken(context.Context) (bool, error) {
	b.asked++
	return b.made, b.err
}

func TestFind(t *testing.T) {
	now := time.Date(2026, 4, 1, 6, 0, 0, 0, time.UTC)
	b := &book{tokens: map[string]ledger.Token{"a": {ID: "tok_a", ExpiresAt: now.Add(2 * time.Second)}}}
	tokens, err := bearer.New(bearer.Config{Ledger: b, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := tokens.Known("a"); ok {
		t.Error("known before it was found")
	}
	if got, err := tokens.Find(t.Context(), "a"); err != nil || got.ID != "tok_a" {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, ok := tokens.Known("a"); !ok || got.ID != "tok_a" || b.asked != 1 {
		t.Errorf("got %+v, %v, asked %d times", got, ok, b.asked)
	}
	now = now.Add(2*time.Second + 1)
	if _, ok := tokens.Known("a"); ok {
		t.Error("believed after it expired")
	}
	delete(b.tokens, "a")
	if _, err := tokens.Find(t.Context(), "a"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	b.tokens["b"] = ledger.Token{ID: "tok_b"}
	if _, err := tokens.Find(t.Context(), "b"); err != nil {
		t.Error(err)
	}
	now = now.Add(5 * time.Second)
	if _, ok := tokens.Known("b"); ok {
		t.Error("believed for longer than a few seconds: a revocation would not be noticed")
	}
}

// On loopback the door is open until the first token, and shut for good after it.
func TestNeeded(t *testing.T) {
	now := time.Date(2026, 4, 1, 6, 0, 0, 0, time.UTC)
	b := &book{}
	tokens, err := bearer.New(bearer.Config{Ledger: b, Loopback: true, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	needed := func() bool {
		t.Helper()
		needed, err := tokens.Needed(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return needed
	}
	for range 2 {
		if needed() {
			t.Error("shut before there is a token")
		}
	}
	if b.asked != 1 {
		t.Errorf("asked %d times in one moment", b.asked)
	}
	b.made = true
	now = now.Add(5 * time.Second)
	if !needed() {
		t.Error("open though a token was made")
	}
	b.made, now = false, now.Add(time.Hour) // which no ledger says: it keeps what was revoked
	if !needed() {
		t.Error("open again")
	}

	used, err := bearer.New(bearer.Config{Ledger: &book{tokens: map[string]ledger.Token{"a": {ID: "tok_a"}}}, Loopback: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := used.Needed(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := used.Find(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if needed, err := used.Needed(t.Context()); !needed || err != nil {
		t.Errorf("got %v, %v beside a token in use", needed, err)
	}
	broken, err := bearer.New(bearer.Config{Ledger: &book{err: errors.New("gone")}, Loopback: true})
	if err != nil {
		t.Fatal(err)
	}
	if needed, err := broken.Needed(t.Context()); !needed || err == nil {
		t.Errorf("got %v, %v where the ledger does not answer", needed, err)
	}
	for _, row := range []struct {
		cfg  bearer.Config
		want bool
	}{{bearer.Config{Insecure: true}, false}, {bearer.Config{Insecure: true, Loopback: true}, false}, {bearer.Config{}, true}} {
		row.cfg.Ledger = &book{}
		tokens, err := bearer.New(row.cfg)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := tokens.Needed(t.Context()); got != row.want || err != nil {
			t.Errorf("%+v: got %v, %v", row.cfg, got, err)
		}
	}
}

func TestSecret(t *testing.T) {
	for name, row := range map[string]struct {
		header []string
		secret string
		given  bool
	}{
		"none":   {nil, "", false},
		"bearer": {[]string{"Bearer mth_1"}, "mth_1", true},
		"case":   {[]string{"bEARER  mth_1 "}, "mth_1", true},
		"basic":  {[]string{"Basic bXRoXzE="}, "", true},
		"bare":   {[]string{"mth_1"}, "", true},
		"two":    {[]string{"Bearer mth_1", "Bearer mth_2"}, "", true},
		"empty":  {[]string{""}, "", true},
	} {
		secret, given := bearer.Secret(&http.Request{Header: http.Header{"Authorization": row.header}})
		if name == "none" {
			secret, given = bearer.Secret(&http.Request{Header: http.Header{}})
		}
		if secret != row.secret || given != row.given {
			t.Errorf("%s: got %q, %v", name, secret, given)
		}
	}
}
