//go:build cgo

package engine

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"
)

// Config says how much a workspace may take.
type Config struct {
	MemoryLimit int64  // bytes, 0 = 256 MiB; what is more spills into Spool
	Threads     int    // 0 = GOMAXPROCS
	Spool       string // the folder of the run, which exists: exports lie in it, spilled data below it
	SpillLimit  int64  // bytes, 0 = what the disk holds
	TimeZone    string // IANA name, "" = UTC: how timestamptz is cut into days and written
}

// DefaultMemoryLimit is the memory limit of a workspace when none is given.
const DefaultMemoryLimit = 256 << 20

// spillFolder lies below the spool and is removed with the workspace.
const spillFolder = "spill"

// Workspace is the database of one run. Its methods are called one at a time.
type Workspace struct {
	db       *sql.DB
	conn     *sql.Conn      // the only connection: settings such as TimeZone belong to it
	spool    string         // absolute
	location *time.Location // of the time zone
	threads  int
	loads    int                  // how many table functions were registered; a name used twice would keep the old function
	extracts map[string]extract   // what was loaded, by name
	datasets map[string][]outline // what was computed, by name
	checked  bool                 // Validate has made the valid tables
}

// extract is a loaded table.
type extract struct {
	columns []string
	key     []string // of the definition, once it is validated
	rows    int64
}

// Open starts an empty in-memory database and locks its settings.
func Open(ctx context.Context, cfg Config) (*Workspace, error) {
	cfg, location, err := cfg.checked()
	if err != nil {
		return nil, fmt.Errorf("open workspace: %w", err)
	}
	settings := cfg.settings()
	connector, err := duckdb.NewConnector("", func(execer driver.ExecerContext) error {
		for _, s := range settings {
			if _, err := execer.ExecContext(ctx, s, nil); err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open workspace: %w", err)
	}
	db := sql.OpenDB(connector)
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open workspace: %w", err), db.Close())
	}
	return &Workspace{db: db, conn: conn, spool: cfg.Spool, location: location, threads: cfg.Threads,
		extracts: map[string]extract{}, datasets: map[string][]outline{}}, nil
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

// settings are the statements that set up a connection. Their order matters: the spill folder and the allowed folder can
// only be named while external access is on, and nothing can be set after the lock.
func (cfg Config) settings() []string {
	list := []string{
		fmt.Sprintf("SET memory_limit = '%dB'", cfg.MemoryLimit),
		fmt.Sprintf("SET threads = %d", cfg.Threads),
		"SET temp_directory = " + text(filepath.Join(cfg.Spool, spillFolder)),
	}
	if cfg.SpillLimit > 0 {
		list = append(list, fmt.Sprintf("SET max_temp_directory_size = '%dB'", cfg.SpillLimit))
	}
	return append(list,
		"SET TimeZone = "+text(cfg.TimeZone),
		"SET preserve_insertion_order = false",
		"SET autoinstall_known_extensions = false",
		"SET autoload_known_extensions = false",
		"SET allow_community_extensions = false",
		"SET allowed_directories = ["+text(cfg.Spool)+"]",
		"SET enable_external_access = false",
		"SET lock_configuration = true",
		"CREATE SCHEMA "+name(datasetSchema),
		"CREATE SCHEMA "+name(ruleSchema),
	)
}

// Close ends the database and removes what it spilled. It is safe to call twice.
func (w *Workspace) Close() error {
	if w.db == nil {
		return nil
	}
	err := errors.Join(w.conn.Close(), w.db.Close(), os.RemoveAll(filepath.Join(w.spool, spillFolder)))
	w.db = nil
	if err != nil {
		return fmt.Errorf("close workspace: %w", err)
	}
	return nil
}

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
