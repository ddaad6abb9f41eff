package ledger_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/monthend/monthend/pipeline/ledger"
)

func mustGrant(t *testing.T, b *bench, g ledger.Grant) (string, ledger.Token) {
	t.Helper()
	secret, token, err := b.CreateToken(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	return secret, token
}

func TestToken(t *testing.T) {
	b := setup(t)
	if any, err := b.AnyToken(t.Context()); any || err != nil {
		t.Fatalf("got %v, %v before the first token", any, err)
	}
	secret, made := mustGrant(t, b, ledger.Grant{
		Name: "erp", Scopes: []ledger.Scope{ledger.ScopeTrigger}, Tenants: []string{"alpha"}, Days: 90, By: "controller"})
	want := ledger.Token{Name: "erp", Scopes: []ledger.Scope{ledger.ScopeTrigger}, Reports: []string{}, Tenants: []string{"alpha"}, CreatedBy: "controller"}
	if diff := cmp.Diff(want, made, cmpopts.IgnoreFields(ledger.Token{}, "ID", "CreatedAt", "ExpiresAt")); diff != "" {
		t.Errorf("made (-want +got):\n%s", diff)
	}
	if days := made.ExpiresAt.Sub(made.CreatedAt).Hours() / 24; days < 89.9 || days > 90.1 {
		t.Errorf("expires after %.1f days, want 90", days)
	}
	if n := b.number(t, `SELECT count(*) FROM monthend.tokens t WHERE t::text LIKE '%' || $1 || '%'`, secret[4:]); n != 0 {
		t.Error("the ledger keeps the secret")
	}
	got, err := b.TokenOf(t.Context(), secret)
	if err != nil || got.ID != made.ID {
		t.Fatalf("got %+v, %v", got, err)
	}
	listed, err := b.Tokens(t.Context())
	if err != nil || len(listed) != 1 || listed[0].LastUsedAt.IsZero() {
		t.Errorf("listed %+v, %v, want it used", listed, err)
	}
	for _, wrong := range []string{"", "mth_", secret[:len(secret)-1], strings.ToUpper(secret), secret + "0", "mth_" + strings.Repeat("0", 52)} {
		if _, err := b.TokenOf(t.Context(), wrong); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("%q: got %v, want it unknown", wrong, err)
		}
	}
	if _, _, err := b.CreateToken(t.Context(), ledger.Grant{Name: "erp", Scopes: ledger.Scopes}); !errors.Is(err, ledger.ErrTokenNameTaken) {
		t.Errorf("got %v, want the name taken", err)
	}
	if _, _, err := b.CreateToken(t.Context(), ledger.Grant{Name: "e r p", Scopes: ledger.Scopes}); !errors.Is(err, ledger.ErrTokenNameBad) {
		t.Errorf("got %v, want the name refused", err)
	}
	if _, _, err := b.CreateToken(t.Context(), ledger.Grant{Name: "all", Scopes: []ledger.Scope{"everything"}}); err == nil {
		t.Error("made a token of a scope that there is not")
	}
}

func TestTokenEnds(t *testing.T) {
	b := setup(t)
	secret, made := mustGrant(t, b, ledger.Grant{Name: "erp", Scopes: []ledger.Scope{ledger.ScopeRead}, Days: 1})
	b.exec(t, `UPDATE monthend.tokens SET expires_at = clock_timestamp() - interval '1 second'`)
	if _, err := b.TokenOf(t.Context(), secret); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("got %v for one that expired", err)
	}
	b.exec(t, `UPDATE monthend.tokens SET expires_at = NULL`)
	revoked, err := b.RevokeToken(t.Context(), "erp", "controller")
	if err != nil || revoked.ID != made.ID || revoked.RevokedAt.IsZero() {
		t.Fatalf("got %+v, %v", revoked, err)
	}
	if _, err := b.TokenOf(t.Context(), secret); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("got %v for one that was revoked", err)
	}
	if _, err := b.RevokeToken(t.Context(), "erp", ""); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("got %v for the second time", err)
	}
	if any, err := b.AnyToken(t.Context()); !any || err != nil {
		t.Errorf("got %v, %v, want the door to stay shut", any, err)
	}
	mustGrant(t, b, ledger.Grant{Name: "erp", Scopes: []ledger.Scope{ledger.ScopeRead}}) // the name is free again
}

func TestTokenReach(t *testing.T) {
	token := ledger.Token{Scopes: []ledger.Scope{ledger.ScopeTrigger}, Reports: []string{"a"}, Tenants: []string{"x", "y"}}
	for scope, want := range map[ledger.Scope]bool{ledger.ScopeRead: false, ledger.ScopeTrigger: true, ledger.ScopeAdmin: false} {
		if got := token.May(scope); got != want {
			t.Errorf("%s: got %v", scope, got)
		}
	}
	if !(ledger.Token{Scopes: []ledger.Scope{ledger.ScopeAdmin}}).May(ledger.ScopeRead) {
		t.Error("admin may not read")
	}
	for key, want := range map[[2]string]bool{{"a", "x"}: true, {"a", "y"}: true, {"a", ""}: false, {"b", "x"}: false} {
		if got := token.Covers(key[0], key[1]); got != want {
			t.Errorf("%v: got %v", key, got)
		}
	}
}

func TestRunPage(t *testing.T) {
	b := setup(t)
	at := time.Date(2026, 4, 1, 6, 0, 0, 123456000, time.UTC)
	for i, tenant := range []string{"", "a", "a", "b", "b"} {
		ask := b.ask()
		ask.Key.Tenant, ask.Key.Period = tenant, march.Period.Add(-i)
		c := mustClaim(t, b.Store, ask)
		if i%2 == 0 {
			mustPublish(t, b.Store, c)
		}
		b.exec(t, `UPDATE monthend.runs SET created_at = $1 WHERE run_id = $2`, at, c.RunID) // all at once: the id decides
	}
	var ids []string
	page := ledger.Page{Limit: 2}
	for range 3 {
		runs, err := b.RunPage(t.Context(), page)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range runs {
			ids = append(ids, r.RunID)
		}
		page.After = runs[len(runs)-1].Place()
	}
	all, err := b.Runs(t.Context(), ledger.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, r := range all {
		want = append(want, r.RunID)
	}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	for name, row := range map[string]struct {
		page ledger.Page
		want int
	}{
		"all":       {ledger.Page{}, 5},
		"tenants":   {ledger.Page{Tenants: []string{"a", "b"}}, 4},
		"no tenant": {ledger.Page{Tenants: []string{""}}, 1},
		"report":    {ledger.Page{Reports: []string{"other"}}, 0},
		"published": {ledger.Page{Outcome: "published"}, 3},
		"unended":   {ledger.Page{Unended: true}, 2},
		"period":    {ledger.Page{Period: march.Period}, 1},
		"beyond":    {ledger.Page{After: ledger.Place{CreatedAt: at.Add(-time.Hour), RunID: "x"}}, 0},
	} {
		if runs, err := b.RunPage(t.Context(), row.page); err != nil || len(runs) != row.want {
			t.Errorf("%s: got %d runs, %v, want %d", name, len(runs), err, row.want)
		}
	}
}
