package ledger

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// SchemaVersion is the version of the schema that this program needs: the number of its last migration.
const SchemaVersion = 15

const (
	migrationTable = "monthend.migration" // goose's own record of what it has applied
	migrationLock  = 0x6d6f6e7468656e64   // "monthend" in ASCII: one migration at a time in a database
	schemaLock     = migrationLock + 1    // the same for what comes before goose
	lockWait       = 60                   // times a second to ask for that lock
	undefinedTable = "42P01"              // SQLSTATE
)

// Migrate brings the schema of the database up to this program and tells from which version to which. A schema that is newer
// already is left alone. Several programs may migrate at once: one does, the others wait and find it done. The errors are
// those of Open.
func Migrate(ctx context.Context, url string) (from, to int64, err error) {
	cfg, err := parse(url)
	if err != nil {
		return 0, 0, fmt.Errorf("migrate ledger: %w", err)
	}
	migration.apply(cfg.ConnConfig)
	db := stdlib.OpenDB(*cfg.ConnConfig)
	defer db.Close()
	if err := db.PingContext(ctx); err != nil {
		return 0, 0, fmt.Errorf("migrate ledger: %w", unreachable(cfg.ConnConfig, err))
	}
	if err := createSchema(ctx, db); err != nil {
		return 0, 0, fmt.Errorf("migrate ledger: create schema: %w", err)
	}
	provider, err := newProvider(db)
	if err != nil {
		return 0, 0, fmt.Errorf("migrate ledger: %w", err)
	}
	if from, err = provider.GetDBVersion(ctx); err != nil {
		return 0, 0, fmt.Errorf("migrate ledger: read version: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return from, from, fmt.Errorf("migrate ledger from version %d: %w", from, err)
	}
	if to, err = provider.GetDBVersion(ctx); err != nil {
		return from, from, fmt.Errorf("migrate ledger: read version: %w", err)
	}
	return from, to, nil
}

// newProvider is goose without its globals: no registry, no logger of its own.
func newProvider(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockID(migrationLock), lock.WithLockTimeout(1, lockWait))
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithTableName(migrationTable),
		goose.WithSessionLocker(locker),
		goose.WithDisableGlobalRegistry(true),
		goose.WithLogger(goose.NopLogger()),
	)
}

// createSchema makes the schema that goose's own table lives in. It looks first: CREATE SCHEMA IF NOT EXISTS asks for the
// right to create even where there is nothing to create, and two at once collide.
func createSchema(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(schemaLock)); err != nil {
		return err
	}
	var exists bool
	if err := tx.QueryRowContext(ctx, `SELECT to_regnamespace('monthend') IS NOT NULL`).Scan(&exists); err != nil || exists {
		return err
	}
	if _, err := tx.ExecContext(ctx, `CREATE SCHEMA monthend`); err != nil {
		return err
	}
	return tx.Commit()
}

// checkSchema returns a *SchemaError when the schema is older than this program needs or refuses programs of its age. A
// schema that is newer and says nothing against us has only been added to.
func (s *Store) checkSchema(ctx context.Context) error {
	schema := SchemaError{Need: SchemaVersion}
	err := s.pool.QueryRow(ctx, `SELECT version, min_worker FROM monthend.schema`).Scan(&schema.Have, &schema.MinWorker)
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused) && refused.Code == undefinedTable, errors.Is(err, pgx.ErrNoRows):
		return &schema
	case err != nil:
		return fmt.Errorf("read schema version: %w", err)
	case schema.Have < schema.Need || schema.MinWorker > schema.Need:
		return &schema
	}
	return nil
}
