package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

func newTokensCommand(a *app, s settings) *cobra.Command {
	return group("tokens", "Who may ask over HTTP", newTokensCreateCommand(a, s), newTokensListCommand(a, s), newTokensRevokeCommand(a, s))
}

// tokenOptions are the flags of tokens create.
type tokenOptions struct {
	scopes  []string
	reports []string
	tenants []string
	days    int
	as      string
}

func newTokensCreateCommand(a *app, s settings) *cobra.Command {
	var o tokenOptions
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Make a token and print it, this once",
		Long: "create prints a new bearer token on stdout. The ledger keeps only its hash: what is lost is made anew. NAME stands in\n" +
			"the records as who asked. The scope read sees runs and fetches files, trigger asks for months and attempts runs\n" +
			"again, admin ends runs and may all that the others may.",
		Example: "monthend tokens create erp --scope read --scope trigger --days 365",
		Args:    wants("NAME"),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.runTokensCreate(cmd.Context(), s, o, args[0]) },
	}
	fs := cmd.Flags()
	fs.StringSliceVar(&o.scopes, "scope", nil, "read, trigger or admin; may be given more than once")
	fs.StringSliceVar(&o.reports, "report", nil, "the only report it reaches; may be given more than once")
	fs.StringSliceVar(&o.tenants, "tenant", nil, "the only tenant it reaches; may be given more than once")
	fs.IntVar(&o.days, "days", 90, "days until it expires; 0 is never")
	fs.StringVar(&o.as, "as", "", "who makes it, for the record; the account by default")
	s.databaseFlags(fs)
	s.definitionFlags(fs)
	return cmd
}

// grant checks the flags.
func (o tokenOptions) grant(name string) (ledger.Grant, error) {
	g := ledger.Grant{Name: name, Reports: o.reports, Tenants: o.tenants, Days: o.days, By: o.as}
	if g.By == "" {
		g.By = whoAsks()
	}
	if len(o.scopes) == 0 {
		return g, usage("monthend tokens create "+name+" --scope read", "--scope is missing: a token without one may nothing")
	}
	for _, text := range o.scopes {
		scope := ledger.Scope(text)
		if !slices.Contains(ledger.Scopes, scope) {
			return g, usage("", "--scope %q is not read, trigger or admin", text)
		}
		if !slices.Contains(g.Scopes, scope) {
			g.Scopes = append(g.Scopes, scope)
		}
	}
	for _, name := range o.reports {
		if !report.ValidName(name) {
			return g, usage("", "--report %q is not the name of a report", name)
		}
	}
	for _, tenant := range o.tenants {
		if !report.ValidTenant(tenant) {
			return g, usage("", "--tenant %q is not a tenant", tenant)
		}
	}
	if o.days < 0 || o.days > 36500 {
		return g, usage("", "--days %d is not between 0 and 36500", o.days)
	}
	return g, nil
}

// tokenLine is one token as lists show it.
type tokenLine struct {
	Name     string         `json:"name"`
	TokenID  string         `json:"token_id"`
	Token    string         `json:"token,omitempty"` // only when it is made
	Scopes   []ledger.Scope `json:"scopes"`
	Reports  []string       `json:"reports,omitempty"`
	Tenants  []string       `json:"tenants,omitempty"`
	Status   string         `json:"status"`
	Created  time.Time      `json:"created_at"`
	By       string         `json:"created_by,omitempty"`
	Expires  *time.Time     `json:"expires_at,omitempty"`
	LastUsed *time.Time     `json:"last_used_at,omitempty"`
}

func newTokenLine(t ledger.Token, now time.Time) tokenLine {
	line := tokenLine{
		Name: t.Name, TokenID: t.ID, Scopes: t.Scopes, Reports: t.Reports, Tenants: t.Tenants, Status: "active", Created: t.CreatedAt, By: t.CreatedBy,
	}
	if !t.ExpiresAt.IsZero() {
		line.Expires = &t.ExpiresAt
	}
	if !t.LastUsedAt.IsZero() {
		line.LastUsed = &t.LastUsedAt
	}
	switch {
	case !t.RevokedAt.IsZero():
		line.Status = "revoked"
	case line.Expires != nil && !line.Expires.After(now):
		line.Status = "expired"
	}
	return line
}

func (a *app) runTokensCreate(ctx context.Context, s settings, o tokenOptions, name string) error {
	if err := a.checkFormat(formatTable, formatJSON); err != nil {
		return err
	}
	grant, err := o.grant(name)
	if err != nil {
		return err
	}
	if err := a.knowsReports(s, grant.Reports); err != nil {
		return err
	}
	books, err := s.openLedger(ctx, "")
	if err != nil {
		return err
	}
	defer books.Close()
	secret, token, err := books.CreateToken(ctx, grant)
	switch {
	case errors.Is(err, ledger.ErrTokenNameTaken):
		return withCode(exitFailed, "monthend tokens revoke "+name, fmt.Errorf("a token called %q is in use", name))
	case errors.Is(err, ledger.ErrTokenNameBad):
		return usage("", "%q is not a name for a token: %w", name, ledger.ErrTokenNameBad)
	case err != nil:
		return unavailable("", "%w", err)
	}
	if a.format == formatJSON {
		line := newTokenLine(token, time.Now())
		line.Token = secret
		return a.printJSON(line)
	}
	ends := "never expires"
	if !token.ExpiresAt.IsZero() {
		ends = "expires " + token.ExpiresAt.Format(time.DateOnly)
	}
	fmt.Fprintf(a.stderr, "monthend: token %q %s; it is shown this once\n", name, ends)
	_, err = fmt.Fprintln(a.stdout, secret)
	return err
}

// knowsReports checks the reports of a token against the definitions at hand. Where no folder of one's own is set, the worker's may lie
// on another machine: then it is only said.
func (a *app) knowsReports(s settings, names []string) error {
	for _, name := range names {
		err := s.knowsReport(name)
		var unknown *report.UnknownReportError
		switch {
		case s.Definitions != "" && errors.As(err, &unknown):
			return err
		case errors.As(err, &unknown):
			fmt.Fprintf(a.stderr, "monthend: %s; the token reaches it where it is defined\n", unknown)
		case err != nil && !errors.As(err, new(*report.DefinitionError)): // a broken one may be mended
			return err
		}
	}
	return nil
}

func newTokensListCommand(a *app, s settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the tokens, the newest first",
		Args:  wants(),
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.runTokensList(cmd.Context(), s) },
	}
	s.databaseFlags(cmd.Flags())
	return cmd
}

func (a *app) runTokensList(ctx context.Context, s settings) error {
	if err := a.checkFormat(formatTable, formatJSON, formatCSV); err != nil {
		return err
	}
	books, err := s.openLedger(ctx, "")
	if err != nil {
		return err
	}
	defer books.Close()
	tokens, err := books.Tokens(ctx)
	if err != nil {
		return unavailable("", "%w", err)
	}
	now, err := books.Now(ctx)
	if err != nil {
		return unavailable("", "%w", err)
	}
	g := grid{head: []string{"name", "token", "scopes", "reports", "tenants", "status", "created", "expires", "last used"}}
	lines := make([]tokenLine, len(tokens))
	for i, t := range tokens {
		l := newTokenLine(t, now)
		lines[i] = l
		g.rows = append(g.rows, []string{
			l.Name, l.TokenID, scopeText(l.Scopes), strings.Join(l.Reports, " "), strings.Join(l.Tenants, " "), l.Status,
			l.Created.Format(time.DateOnly), dateText(l.Expires, time.DateOnly), dateText(l.LastUsed, "2006-01-02 15:04"),
		})
	}
	return a.printGrid(g, lines)
}

func scopeText(scopes []ledger.Scope) string {
	texts := make([]string, len(scopes))
	for i, s := range scopes {
		texts[i] = string(s)
	}
	return strings.Join(texts, " ")
}

// dateText is a time that there may be none of.
func dateText(at *time.Time, layout string) string {
	if at == nil {
		return ""
	}
	return at.Format(layout)
}

func newTokensRevokeCommand(a *app, s settings) *cobra.Command {
	as := ""
	cmd := &cobra.Command{
		Use:   "revoke NAME|TOKEN",
		Short: "End a token, by its name or its id",
		Long:  "revoke ends a token. A serve that has just seen it may believe it for three seconds more.",
		Args:  wants("NAME|TOKEN"),
		RunE:  func(cmd *cobra.Command, args []string) error { return a.runTokensRevoke(cmd.Context(), s, as, args[0]) },
	}
	cmd.Flags().StringVar(&as, "as", "", "who revokes it, for the record; the account by default")
	s.databaseFlags(cmd.Flags())
	return cmd
}

func (a *app) runTokensRevoke(ctx context.Context, s settings, as, name string) error {
	if err := a.checkFormat(formatTable, formatJSON); err != nil {
		return err
	}
	if strings.HasPrefix(name, ledger.TokenPrefix) {
		// Not repeated: it is a secret, and should not have been typed here.
		return usage("monthend tokens list", "that is a token itself; a token is revoked by its name or its id")
	}
	books, err := s.openLedger(ctx, "")
	if err != nil {
		return err
	}
	defer books.Close()
	if as == "" {
		as = whoAsks()
	}
	token, err := books.RevokeToken(ctx, name, as)
	if errors.Is(err, ledger.ErrNotFound) {
		return withCode(exitFailed, "monthend tokens list", fmt.Errorf("no token in use is called %q", name))
	}
	if err != nil {
		return unavailable("", "%w", err)
	}
	if a.format == formatJSON {
		return a.printJSON(newTokenLine(token, token.RevokedAt))
	}
	_, err = fmt.Fprintf(a.stdout, "revoked: %s (%s)\n", token.Name, token.ID)
	return err
}
