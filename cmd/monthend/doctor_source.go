package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/monthend/monthend/pipeline/engine"
	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/report"
)

func (d *doctor) sourceThere(ctx context.Context) finding {
	if err := d.needSource(); err != nil {
		return wrong(laptop, "%s", err)
	}
	src, err := source.OpenPostgres(ctx, d.SourceURL, nil)
	if err != nil {
		return wrong(sourceMend(d.SourceURL, err), "%s", err)
	}
	about, err := src.Inspect(ctx, d.zones())
	if err != nil {
		src.Close()
		return wrong(sourceMend(d.SourceURL, err), "%s", err)
	}
	d.src = src
	said := fmt.Sprintf("PostgreSQL %s, database %q, role %q, encoding %s, time zone %s", about.Server, about.Database, about.Role, about.Encoding, about.Zone)
	switch {
	case about.Encoding == "SQL_ASCII":
		return warned("createdb --template=template0 --encoding=UTF8 "+shellWord(about.Database+"_utf8"),
			"%s: the server does not know what its letters mean, and a text that is not UTF-8 fails a run", said)
	case len(about.UnknownZones) > 0:
		return warned(asOwner(d.SourceURL, "SELECT name FROM pg_timezone_names ORDER BY name"),
			"%s: it does not know the time zones %s of definitions", said, strings.Join(about.UnknownZones, ", "))
	}
	return well("%s", said)
}

// sourceMend is databaseMend for an error that has left the driver's behind.
func sourceMend(url string, err error) string {
	var e *source.Error
	cfg, malformed := pgx.ParseConfig(url)
	if malformed != nil {
		return ""
	}
	if errors.As(err, &e) && (e.Code == badPassword || e.Code == badRole) {
		return "psql " + serverAt(cfg) + ` -U postgres -d postgres -c '\password ` + cfg.User + "'"
	}
	return "pg_isready " + serverAt(cfg)
}

// zones are those of the definitions that can be read.
func (d *doctor) zones() []string {
	catalog, err := d.openCatalog()
	if err != nil {
		return nil
	}
	var zones []string
	for _, name := range catalog.Names() {
		if def, err := catalog.Get(name); err == nil && def.Location != nil {
			zones = append(zones, def.Location.String())
		}
	}
	slices.Sort(zones)
	return slices.Compact(zones)
}

// definitions checks them as `monthend reports check` does, in the source where there is one.
func (d *doctor) definitions(ctx context.Context) finding {
	catalog, err := d.openCatalog()
	if err != nil {
		return wrong("ls -la "+shellWord(d.Definitions), "%s", err)
	}
	spool, err := os.MkdirTemp("", "monthend-doctor-")
	if err != nil {
		return wrong("export TMPDIR=/some/folder", "%s", err)
	}
	defer os.RemoveAll(spool)
	src, how := d.src, "prepared in the source"
	if f := d.found["source"]; f.status != checkOK && f.status != checkWarn {
		src, how = nil, "only parsed, without the source"
	}
	var broken, said []string
	var readable []report.Definition
	for _, name := range catalog.Names() {
		line, err := d.checkOne(ctx, catalog, name, src, engine.Config{MemoryLimit: d.MemoryMB << 20, Spool: spool})
		switch {
		case err != nil:
			return wrong("monthend reports check", "%s", err)
		case len(line.Problems) == 0:
			readable = append(readable, line.reading.Definition)
		default:
			p := line.Problems[0]
			broken, said = append(broken, name), append(said, fmt.Sprintf("%q has %s, the first at %s: %s", name, things(len(line.Problems), "mistake"), p.place(), p.Message))
		}
	}
	d.readable = readable
	if len(broken) > 0 {
		return wrong("monthend reports check "+strings.Join(broken, " "), "%s", strings.Join(said, "; "))
	}
	return well("%s: %s; %s", things(len(readable), "definition"), strings.Join(catalog.Names(), ", "), how)
}

// sourceRights looks at what the role could do to the tables that the definitions read. A run cannot: its transactions are
// read-only. But a definition is SQL that somebody wrote, and a role that cannot write needs nobody's care.
func (d *doctor) sourceRights(ctx context.Context) finding {
	about, err := d.src.Inspect(ctx, nil)
	if err != nil {
		return wrong("", "%s", err)
	}
	if about.Superuser {
		return warned(asOwner(d.SourceURL, "CREATE ROLE monthend_read LOGIN; GRANT pg_read_all_data TO monthend_read; ALTER ROLE monthend_read SET default_transaction_read_only = on",
			`\password monthend_read`),
			"role %q is a superuser; reports need one that can only read", about.Role)
	}
	found := map[string][]string{}
	for _, def := range d.readable {
		if err := d.writable(ctx, def, found); err != nil {
			return wrong("monthend reports check "+def.Name, "%s: %s", def.Name, err)
		}
	}
	var tables, revokes []string
	for table, rights := range found {
		tables = append(tables, fmt.Sprintf("%s (%s)", table, strings.Join(rights, ", ")))
		revokes = append(revokes, fmt.Sprintf("REVOKE %s ON %s FROM %s", strings.Join(rights, ", "), table, pgx.Identifier{about.Role}.Sanitize()))
	}
	slices.Sort(tables)
	slices.Sort(revokes)
	if len(tables) > 0 {
		return wrong(asOwner(d.SourceURL, strings.Join(revokes, "; ")), "role %q may write to what reports read: %s", about.Role, strings.Join(tables, ", "))
	}
	if about.ReadOnly {
		return well("role %q may only read, and its sessions begin read-only", about.Role)
	}
	return well("role %q may only read the tables of the definitions", about.Role)
}

// lastMonth are the parameters of a report's last month, or one near it.
func (d *doctor) lastMonth(def report.Definition) source.Params {
	last := d.now().AddDate(0, -1, 0)
	period := report.Period{Year: last.Year(), Month: last.Month()}
	start, end := period.Bounds(def.Location)
	return source.Params{PeriodStart: start, PeriodEnd: end, PeriodFirst: period.First(), PeriodNext: period.Add(1).First()}
}

// writable adds what the role could write to of what a definition reads.
func (d *doctor) writable(ctx context.Context, def report.Definition, found map[string][]string) (err error) {
	params := d.lastMonth(def)
	snapshot, err := d.src.Begin(ctx, def.Location.String())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, snapshot.Close(ctx)) }()
	for _, query := range slices.Concat(def.Extract, []report.Extract{def.Ready, def.Tenants}) {
		if query.SQL == "" { // it comes from elsewhere
			continue
		}
		tables, err := snapshot.Writable(ctx, query, params)
		if err != nil {
			return err
		}
		for _, t := range tables {
			found[t.Table] = t.Rights
		}
	}
	return nil
}
