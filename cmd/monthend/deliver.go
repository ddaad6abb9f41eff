package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/spf13/pflag"

	"github.com/monthend/monthend/pipeline/deliver"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace/awstrace"
)

// deliverSettings say what deliveries may reach and how. Nothing is allowed unless it is set.
type deliverSettings struct {
	Allow    string `env:"MONTHEND_DELIVER_ALLOW"`
	Links    string `env:"MONTHEND_LINK_URL"`
	SMTP     string `env:"MONTHEND_SMTP_URL"`
	SMTPFrom string `env:"MONTHEND_SMTP_FROM"`

	secrets map[string]string // the variables that a webhook may name, by name
}

// webhookPrefix begins the names of the variables that a definition may name as the secret of a webhook.
const webhookPrefix = "MONTHEND_WEBHOOK_"

func (s *settings) deliverFlags(fs *pflag.FlagSet) {
	d := &s.Deliver
	flag(fs.StringVar, fs, &d.Allow, "deliver-allow", "what deliveries may reach: file:///dir, s3://bucket/prefix, https://host/path, mailto:@domain,…; nothing when empty (MONTHEND_DELIVER_ALLOW)")
	flag(fs.StringVar, fs, &d.Links, "link-url", "where people find the output, a URL; links are of the output itself when empty (MONTHEND_LINK_URL)")
	flag(fs.StringVar, fs, &d.SMTP, "smtp-url", "server of mails, smtp://user:password@host:587 or smtps:// (MONTHEND_SMTP_URL)")
	flag(fs.StringVar, fs, &d.SMTPFrom, "smtp-from", "address that mails are from (MONTHEND_SMTP_FROM)")
}

// readSecrets keeps the variables by which webhooks are signed; no other is ever looked up for a definition.
func (d *deliverSettings) readSecrets(environ []string) {
	d.secrets = map[string]string{}
	for _, entry := range environ {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, webhookPrefix) {
			d.secrets[name] = value
		}
	}
}

// openDeliverer makes the deliverer of a worker.
func (s *settings) openDeliverer(cfg aws.Config, r *rooms, logger *slog.Logger) (*deliver.Deliverer, error) {
	d, err := s.reach()
	if err != nil {
		return nil, err
	}
	d.Ledger, d.Store, d.Tracer, d.Spool, d.Logger, d.Transport = r.ledger, r.store, r.tracer, r.spool.Dir, logger, http.DefaultTransport
	if s.Deliver.Links != "" {
		if err := checkURL("MONTHEND_LINK_URL", s.Deliver.Links, "https", "http"); err != nil {
			return nil, err
		}
		d.Locate = linkBelow(s.Deliver.Links)
	}
	d.Shelf = s.openShelf(cfg)
	warnOfRecipients(r.catalog, d, logger)
	return deliver.New(d)
}

// reach is the part of a deliverer's settings that says whom it may reach.
func (s *settings) reach() (deliver.Config, error) {
	d := deliver.Config{Secret: func(name string) string { return s.Deliver.secrets[name] }}
	var err error
	if d.Allow, err = deliver.ParseAllow(s.Deliver.Allow); err != nil {
		return d, usage("", "%w", err)
	}
	if s.Deliver.SMTP != "" {
		if d.Mail, err = deliver.ParseMail(s.Deliver.SMTP, s.Deliver.SMTPFrom); err != nil {
			return d, usage("", "MONTHEND_SMTP_URL with MONTHEND_SMTP_FROM: %w", err)
		}
	}
	return d, nil
}

// openShelf opens places for copies.
func (s *settings) openShelf(cfg aws.Config) func(ctx context.Context, place string) (store.Shelf, error) {
	var client *s3.Client
	if strings.Contains(s.Deliver.Allow, "s3://") {
		client = s3.NewFromConfig(cfg, func(o *s3.Options) {
			o.UsePathStyle = true
			awstrace.Instrument(&o.APIOptions)
		})
	}
	return func(ctx context.Context, place string) (store.Shelf, error) {
		return store.OpenShelf(ctx, place, client)
	}
}

// linkBelow makes links of the paths of stored files.
func linkBelow(base string) func(path string) string {
	base = strings.TrimRight(base, "/") + "/"
	return func(path string) string { return base + (&url.URL{Path: path}).EscapedPath() }
}

// warnOfRecipients tells at the start whom this worker would bring nothing, and not only at the end of the month.
func warnOfRecipients(catalog *report.Catalog, d deliver.Config, logger *slog.Logger) {
	for _, def := range definitionsOf(catalog) { // what cannot be read is told where it is asked for
		for _, recipient := range recipientsOf(def) {
			if why, variable := outOfReach(d, recipient); why != "" {
				logger.Warn(why+"; its deliveries will fail", "report", def.Name, "to", recipient.Target(), "variable", variable)
			}
		}
	}
}

// recipientsOf are those of versions and of alerts.
func recipientsOf(def report.Definition) []report.Delivery {
	recipients := slices.Clone(def.Deliver)
	for _, alert := range def.Alerts {
		recipients = append(recipients, alert.To)
	}
	return recipients
}

// outOfReach says why nothing would come to a recipient, and which variable mends it; "" where something would.
func outOfReach(d deliver.Config, recipient report.Delivery) (why, variable string) {
	switch {
	case !d.Allow.Permits(recipient):
		return "a recipient is not allowed", deliver.AllowVariable
	case recipient.Webhook != nil && len(d.Secret(recipient.Webhook.SecretEnv)) < deliver.ShortestSecret:
		return "the secret of a webhook is not set, or too short", recipient.Webhook.SecretEnv
	case recipient.Email != nil && d.Mail == nil:
		return "there is no mail server", "MONTHEND_SMTP_URL"
	}
	return "", ""
}
