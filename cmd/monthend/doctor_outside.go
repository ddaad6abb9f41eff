package main

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/monthend/monthend/pipeline/deliver"
	"github.com/monthend/monthend/report"
)

// known are the definitions that can be read; of the others the check of definitions tells.
func (d *doctor) known() []report.Definition {
	catalog, err := d.openCatalog()
	if err != nil {
		return nil
	}
	return definitionsOf(catalog)
}

// outside looks whether what definitions read elsewhere is allowed here, and its secrets are set. Nobody is called: only the owner of
// a source knows what a call costs.
func (d *doctor) outside(ctx context.Context) finding {
	reader, err := d.openOutside(ctx)
	if err != nil {
		return wrong("", "%s", err)
	}
	allowed := 0
	for _, def := range d.known() {
		for _, query := range def.Extract {
			if query.Outside == nil {
				continue
			}
			params := d.lastMonth(def)
			if def.Tenants.SQL != "" {
				params.Tenant = "tenant"
			}
			if err := reader.Permits(query, params); err != nil {
				return wrong(d.outsideMend(query.Outside), "%s: query %q: %s", def.Name, query.Name, err)
			}
			allowed++
		}
	}
	if allowed == 0 {
		return unset("no definition reads from outside")
	}
	return well("%s from outside, allowed and with their secrets; nobody was called", things(allowed, "extract"))
}

// outsideMend is the command for an extract that would be refused.
func (d *doctor) outsideMend(o *report.Outside) string {
	for _, header := range o.Headers {
		if header.Env != "" && d.Outside.secrets[header.Env] == "" && d.Outside.Hosts != "" {
			return "export " + header.Env + "=…"
		}
	}
	if o.File != "" {
		folder, _, _ := strings.Cut(o.File, "@") // a parameter's value is not known
		return "export MONTHEND_SOURCE_FILES=" + shellWord(added(d.Outside.Files, folder[:strings.LastIndexByte(folder, '/')]))
	}
	u, err := url.Parse(o.URL)
	if err != nil {
		return ""
	}
	host := u.Host
	if u.Scheme == "http" {
		host = "http://" + host
	}
	return "export MONTHEND_SOURCE_HOSTS=" + shellWord(added(d.Outside.Hosts, host))
}

// deliveries looks whether everybody whom definitions name can be reached by a worker with these settings, and opens their
// directories. Nobody is told anything.
func (d *doctor) deliveries(ctx context.Context) finding {
	reach, err := d.reach()
	if err != nil {
		return wrong("", "%s", err)
	}
	targets := map[string]report.Delivery{}
	for _, def := range d.known() {
		for _, recipient := range recipientsOf(def) {
			if why, variable := outOfReach(reach, recipient); why != "" {
				return wrong(d.reachMend(recipient, variable), "%s: %s: %s", def.Name, recipient.Target(), why)
			}
			targets[recipient.Target()] = recipient
		}
	}
	if len(targets) == 0 {
		return unset("no definition delivers anything, or has alerts")
	}
	var cfg aws.Config
	if strings.Contains(d.Deliver.Allow, "s3://") {
		if cfg, err = awsConfig(ctx); err != nil {
			return wrong("", "%s", err)
		}
	}
	open := d.openShelf(cfg)
	places := map[string]bool{}
	for _, recipient := range targets {
		if recipient.Directory == "" {
			continue
		}
		place, err := reach.Allow.Shelf(recipient)
		if err != nil {
			return wrong(d.reachMend(recipient, deliver.AllowVariable), "%s", err)
		}
		places[place] = true
	}
	for _, place := range slices.Sorted(maps.Keys(places)) {
		shelf, err := open(ctx, place)
		if err == nil {
			err = shelf.Close()
		}
		if err != nil {
			return wrong(d.placeMend(place, err), "%s", err)
		}
	}
	folders := ""
	if len(places) > 0 {
		folders = "; " + things(len(places), "folder") + " can be written to"
	}
	return well("%s allowed, with secrets and a mail server where they need them%s", things(len(targets), "recipient"), folders)
}

// reachMend is the command that sets what a recipient needs.
func (d *doctor) reachMend(recipient report.Delivery, variable string) string {
	switch {
	case variable != deliver.AllowVariable:
		return "export " + variable + "=…"
	case recipient.Email != nil:
		_, domain, _ := strings.Cut(recipient.Email.To, "@")
		return "export " + variable + "=" + shellWord(added(d.Deliver.Allow, "mailto:@"+domain))
	case recipient.Webhook != nil:
		address, _, _ := strings.Cut(recipient.Webhook.URL, "?")
		return "export " + variable + "=" + shellWord(added(d.Deliver.Allow, address))
	}
	return "export " + variable + "=" + shellWord(added(d.Deliver.Allow, recipient.Directory))
}

// added is a list with commas and one more entry.
func added(list, entry string) string {
	return strings.Trim(list+","+entry, ",")
}
