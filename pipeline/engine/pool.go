//go:build cgo

package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

const (
	// keptRows is how large a run may be whose database is used again: what a larger one took goes back to the system.
	keptRows = 100_000
	// KeptUses is how many runs one database serves: each leaves some kilobytes behind, the names of its scans among them,
	// and the database's end gives them back.
	KeptUses = 200
)

// Pool keeps databases open from one workspace to the next. Starting DuckDB costs more than all the work of a small run.
//
// Nothing passes from run to run: a database serves one workspace at a time, whose tables lie in a catalogue that is thrown
// away with it, and it is not used again after an error, after a large run, or with other settings. A Pool is safe for
// concurrent use.
type Pool struct {
	dir  string
	most int

	mu     sync.Mutex
	idle   []*database // the longest unused first
	closed bool
}

// NewPool makes a pool that keeps up to most databases open while no workspace uses them. dir is for their folders; it must
// be on the file system of the workspaces' spools.
func NewPool(dir string, most int) (*Pool, error) {
	if most < 0 {
		return nil, fmt.Errorf("make an engine pool: %d databases are below none", most)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("make an engine pool: %w", err)
	}
	return &Pool{dir: dir, most: most}, nil
}

// take finds an idle database for cfg, or starts one. A nil Pool starts one in the workspace's own spool.
func (p *Pool) take(ctx context.Context, cfg Config) (*database, error) {
	kind := cfg.settings()
	if p == nil {
		return openDatabase(ctx, kind, cfg.Spool)
	}
	if d := p.find(kind); d != nil {
		return d, nil
	}
	folder, err := os.MkdirTemp(p.dir, "engine-")
	if err != nil {
		return nil, err
	}
	d, err := openDatabase(ctx, kind, folder)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	d.own = true
	return d, nil
}

func (p *Pool) find(kind settings) *database {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.idle) - 1; i >= 0; i-- {
		if d := p.idle[i]; d.kind == kind {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			return d
		}
	}
	return nil
}

// give takes a database back from a workspace that is done with it, and ends the one that is too many.
func (p *Pool) give(d *database, conn *sql.Conn) error {
	if err := d.clear(conn); err != nil {
		return errors.Join(err, d.close())
	}
	if d = p.keep(d); d == nil {
		return nil
	}
	return d.close()
}

// keep answers with the database that is to be closed, if any.
func (p *Pool) keep(d *database) *database {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.most == 0 || d.uses >= KeptUses {
		return d
	}
	p.idle = append(p.idle, d)
	if len(p.idle) <= p.most {
		return nil
	}
	oldest := p.idle[0]
	p.idle = append(p.idle[:0], p.idle[1:]...)
	return oldest
}

// Close ends the idle databases; those in use end with their workspaces. A nil Pool has none.
func (p *Pool) Close() error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	var errs []error
	for _, d := range idle {
		errs = append(errs, d.close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close the engine pool: %w", err)
	}
	return nil
}
