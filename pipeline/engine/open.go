//go:build cgo

package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Config says how much a workspace may take.
type Config struct {
	MemoryLimit int64  // bytes, 0 = 256 MiB; what is more spills into Spool
	Threads     int    // 0 = GOMAXPROCS
	Spool       string // the folder of the run, which exists: exports lie in it, spilled data below it
	SpillLimit  int64  // bytes, 0 = what the disk holds
	TimeZone    string // IANA name, "" = UTC: how timestamptz is cut into days and written
	Pool        *Pool  // where databases come from and go back to; nil opens one for this workspace alone
}

// DefaultMemoryLimit is the memory limit of a workspace when none is given.
const DefaultMemoryLimit = 256 << 20

// Workspace is the database of one run. Its methods are called one at a time.
type Workspace struct {
	database *database
	pool     *Pool          // nil: the database ends with the workspace
	conn     *sql.Conn      // the only connection
	spool    string         // absolute
	location *time.Location // of the time zone
	threads  int
	failed   bool                 // something broke: the database is not used again
	extracts map[string]extract   // what was loaded, by name
	datasets map[string][]outline // what was computed, by name
	checked  bool                 // Validate has made the valid tables
	month    Month
	zone     *zone // around the month, once it is asked for
	// comparatives are other months' datasets, by month.dataset.
	comparatives map[string]*comparative
}

// extract is a loaded table.
type extract struct {
	columns []string
	key     []string // of the definition, once it is validated
	rows    int64
	coded   bool // it is a view of a table with coded columns
}

// Open starts an empty workspace on a database of its own, or on one of the pool's, whose settings are locked.
func Open(ctx context.Context, cfg Config) (*Workspace, error) {
	cfg, location, err := cfg.checked()
	if err != nil {
		return nil, fmt.Errorf("open workspace: %w", err)
	}
	d, err := cfg.Pool.take(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open workspace: %w", err)
	}
	conn, err := d.connect(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open workspace: %w", err), d.close())
	}
	return &Workspace{database: d, pool: cfg.Pool, conn: conn, spool: cfg.Spool, location: location, threads: cfg.Threads,
		extracts: map[string]extract{}, datasets: map[string][]outline{}, comparatives: map[string]*comparative{}}, nil
}

// checked fills in the defaults.
func (cfg Config) checked() (Config, *time.Location, error) {
	info, err := os.Stat(cfg.Spool)
	if err != nil {
		return cfg, nil, fmt.Errorf("spool: %w", err)
	}
	if !info.IsDir() {
		return cfg, nil, fmt.Errorf("spool %q is not a folder", cfg.Spool)
	}
	if cfg.Spool, err = filepath.Abs(cfg.Spool); err != nil {
		return cfg, nil, fmt.Errorf("spool: %w", err)
	}
	if cfg.MemoryLimit < 0 || cfg.Threads < 0 || cfg.SpillLimit < 0 {
		return cfg, nil, errors.New("a limit is negative")
	}
	if cfg.MemoryLimit == 0 {
		cfg.MemoryLimit = DefaultMemoryLimit
	}
	if cfg.Threads == 0 {
		cfg.Threads = runtime.GOMAXPROCS(0)
	}
	if cfg.TimeZone == "" {
		cfg.TimeZone = "UTC"
	}
	location, err := time.LoadLocation(cfg.TimeZone)
	if err != nil || cfg.TimeZone == "Local" {
		return cfg, nil, fmt.Errorf("time zone %q is not known", cfg.TimeZone)
	}
	return cfg, location, nil
}

// Close throws away what the workspace held. It is safe to call twice.
func (w *Workspace) Close() error {
	if w.database == nil {
		return nil
	}
	d := w.database
	w.database = nil
	var rows int64
	for _, e := range w.extracts {
		rows += e.rows
	}
	var err error
	if w.pool == nil || w.failed || rows > keptRows {
		err = errors.Join(w.conn.Close(), d.close())
	} else {
		err = w.pool.give(d, w.conn)
	}
	if err != nil {
		return fmt.Errorf("close workspace: %w", err)
	}
	return nil
}

// Discard has Close end the database, where a pool would keep it for the next run.
func (w *Workspace) Discard() { w.failed = true }

// note remembers that a method failed.
func (w *Workspace) note(err *error) { w.failed = w.failed || *err != nil }

// exec runs a statement of our own making.
func (w *Workspace) exec(ctx context.Context, statement string) (rows int64, err error) {
	result, err := w.conn.ExecContext(ctx, statement)
	if err != nil {
		return 0, redact(ctx, err)
	}
	return result.RowsAffected()
}

// name quotes an identifier.
func name(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// names quotes identifiers and puts commas between them.
func names(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = name(s)
	}
	return strings.Join(quoted, ", ")
}

// text quotes a string literal.
func text(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
