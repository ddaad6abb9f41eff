package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/monthend/monthend/pipeline/ledger"
)

// How far this machine's clock may be off. Nothing is decided by it, but traces are drawn by it and AWS refuses what was signed
// five minutes ago.
const (
	clockWarn  = time.Second
	clockWrong = 30 * time.Second
)

// clockMend sets a clock right for good, on a machine with systemd.
const clockMend = "sudo timedatectl set-ntp true"

func (d *doctor) database(ctx context.Context) finding {
	if d.DatabaseURL == "" {
		return wrong(laptop, "MONTHEND_DATABASE_URL is not set")
	}
	var err error
	if d.books, err = ledger.Inspect(ctx, d.DatabaseURL, d.now); err != nil {
		return wrong(databaseMend(d.DatabaseURL, err), "%s", err)
	}
	return well("PostgreSQL %s, database %q, role %q", d.books.Server, d.books.Database, d.books.Role)
}

// SQLSTATEs that say what is to be done.
const (
	noDatabase  = "3D000"
	badPassword = "28P01"
	badRole     = "28000"
)

// databaseMend is the command for a database that does not let us in.
func databaseMend(url string, err error) string {
	cfg, malformed := pgx.ParseConfig(url)
	if malformed != nil {
		return ""
	}
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return "pg_isready " + serverAt(cfg)
	}
	switch refused.Code {
	case noDatabase:
		return "createdb " + serverAt(cfg) + " -U " + shellWord(cfg.User) + " " + shellWord(cfg.Database)
	case badPassword, badRole:
		return "psql " + serverAt(cfg) + ` -U postgres -d postgres -c '\password ` + cfg.User + "'"
	}
	return "pg_isready " + serverAt(cfg)
}

// shellWord quotes what a shell would not take as one word.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return shellQuote(s)
}

// serverAt is where a server is, for PostgreSQL's own programs.
func serverAt(cfg *pgx.ConnConfig) string {
	return fmt.Sprintf("-h %s -p %d", shellWord(cfg.Host), cfg.Port)
}

// asOwner runs statements, then psql's own commands, as the superuser that PostgreSQL comes with: who lacks a right cannot give
// it to himself.
func asOwner(url, statements string, commands ...string) string {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return ""
	}
	line := "psql " + serverAt(cfg) + " -U postgres -d " + shellWord(cfg.Database) + " -c " + shellQuote(statements)
	for _, command := range commands {
		line += " -c " + shellQuote(command)
	}
	return line
}

func (d *doctor) migrations(context.Context) finding {
	switch err := d.books.Schema; {
	case err == nil:
		return well("the tables are those of version %d or newer, and accept this program", ledger.SchemaVersion)
	case errors.Is(err, ledger.ErrSchemaNew):
		return wrong("go install github.com/monthend/monthend/cmd/monthend@latest", "%s", err)
	default:
		return wrong("monthend migrate", "%s", err)
	}
}

// workRole makes a role that can do what work does and no more.
const workRole = "CREATE ROLE monthend_work LOGIN; GRANT USAGE ON SCHEMA monthend TO monthend_work; " +
	"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA monthend TO monthend_work; " +
	"GRANT USAGE ON ALL SEQUENCES IN SCHEMA monthend TO monthend_work"

func (d *doctor) ledgerRights(context.Context) finding {
	switch b := d.books; {
	case len(b.Missing) > 0:
		return wrong(asOwner(d.DatabaseURL, strings.Join(b.Missing, "; ")), "role %q lacks rights on %s of the ledger, the first by %s",
			b.Role, things(len(b.Missing), "object"), b.Missing[0])
	case b.Superuser:
		return warned(asOwner(d.DatabaseURL, workRole, `\password monthend_work`), "role %q is a superuser; work needs no more than to read and write the ledger's tables", b.Role)
	case b.Migrates:
		return warned(asOwner(d.DatabaseURL, workRole, `\password monthend_work`), "role %q may also change the ledger's tables; only migrate needs that", b.Role)
	}
	return well("role %q may read and write the ledger's tables, and not change them", d.books.Role)
}

func (d *doctor) clock(context.Context) finding {
	return skew(d.books.Skew, d.books.Trip/2, "the ledger database's")
}

// skew judges by how much this machine's clock is ahead of another, known to within sure.
func skew(ahead, sure time.Duration, whose string) finding {
	direction := "ahead of"
	if ahead < 0 {
		ahead, direction = -ahead, "behind"
	}
	if ahead <= sure {
		return well("this machine's clock agrees with %s, as far as one answer tells", whose)
	}
	said := fmt.Sprintf("this machine's clock is %s %s %s", ahead.Round(time.Millisecond), direction, whose)
	switch off := ahead - sure; {
	case off > clockWrong:
		return wrong(clockMend, "%s; traces are drawn wrong, and AWS refuses what is signed by it", said)
	case off > clockWarn:
		return warned(clockMend, "%s; traces are drawn wrong by as much", said)
	}
	return well("%s", said)
}
