//go:build cgo

package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/duckdb/duckdb-go/v2"
)

// spillFolder lies below a database's folder.
const spillFolder = "spill"

// The catalogues of a database: its own, which stays empty, and that of the workspace of now, which ends with it.
const (
	emptyCatalogue = "memory" // as DuckDB names it
	runCatalogue   = "run"
)

// database is one DuckDB in memory. It serves one workspace at a time.
type database struct {
	db     *sql.DB
	folder string   // the only one that its SQL may touch; absolute
	own    bool     // the folder was made for it, and is removed with it
	kind   settings // a workspace that needs others needs another database
	uses   int
	loads  int // how many table functions were registered; a name used twice would keep the old function
}

// settings are those that are locked once a database is open.
type settings struct {
	memory, spill int64
	threads       int
	zone          string
}

func (cfg Config) settings() settings {
	return settings{memory: cfg.MemoryLimit, spill: cfg.SpillLimit, threads: cfg.Threads, zone: cfg.TimeZone}
}

// openDatabase starts an empty database that may touch folder, and locks its settings.
func openDatabase(ctx context.Context, kind settings, folder string) (*database, error) {
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return nil, err
	}
	d := &database{db: sql.OpenDB(connector), folder: folder, kind: kind}
	// What a session may have set ends with its connection: none is used twice.
	d.db.SetMaxIdleConns(-1)
	if err := d.set(ctx); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// set carries out the statements that set up a database. Their order matters: the spill folder and the allowed folder can
// only be named while external access is on, and nothing can be set after the lock.
func (d *database) set(ctx context.Context) error {
	list := []string{
		fmt.Sprintf("SET memory_limit = '%dB'", d.kind.memory),
		fmt.Sprintf("SET threads = %d", d.kind.threads),
		"SET temp_directory = " + text(filepath.Join(d.folder, spillFolder)),
	}
	if d.kind.spill > 0 {
		list = append(list, fmt.Sprintf("SET max_temp_directory_size = '%dB'", d.kind.spill))
	}
	return d.exec(ctx, append(list,
		"SET GLOBAL TimeZone = "+text(d.kind.zone), // of every later connection
		"SET preserve_insertion_order = false",
		"SET autoinstall_known_extensions = false",
		"SET autoload_known_extensions = false",
		"SET allow_community_extensions = false",
		"SET allowed_directories = ["+text(d.folder)+"]",
		"SET enable_external_access = false",
		"SET lock_configuration = true",
	)...)
}

// exec carries out statements on a connection of its own.
func (d *database) exec(ctx context.Context, statements ...string) error {
	conn, err := d.db.Conn(ctx)
	if err != nil {
		return err
	}
	return errors.Join(run(ctx, conn, statements...), conn.Close())
}

func run(ctx context.Context, conn *sql.Conn, statements ...string) error {
	for _, s := range statements {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// connect makes the catalogue of a workspace and the connection to it.
func (d *database) connect(ctx context.Context) (*sql.Conn, error) {
	conn, err := d.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	d.uses++
	err = run(ctx, conn, "ATTACH ':memory:' AS "+runCatalogue, "USE "+runCatalogue,
		"CREATE SCHEMA "+name(datasetSchema), "CREATE SCHEMA "+name(ruleSchema))
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// clear throws the workspace's catalogue away, whatever is in it.
func (d *database) clear(conn *sql.Conn) error {
	// The run may be over because its context is: this is what must happen all the same, and it takes no time.
	return errors.Join(run(context.Background(), conn, "USE "+emptyCatalogue, "DETACH "+runCatalogue), conn.Close())
}

// close ends the database and removes what it spilled.
func (d *database) close() error {
	rest := filepath.Join(d.folder, spillFolder)
	if d.own {
		rest = d.folder
	}
	return errors.Join(d.db.Close(), os.RemoveAll(rest))
}
