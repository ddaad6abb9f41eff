package pipeline_test

import (
	"context"
	"io/fs"
	"testing/fstest"

	"github.com/monthend/monthend/pipeline/store"
)

// The SQL of a definition: endless keeps the engine busy for longer than anybody waits, short does not.
const (
	endless = `SELECT 1::DECIMAL(18, 2) AS expected, sum((a.range * b.range) % 7)::DECIMAL(38, 2) AS actual
		FROM range(100000000) a, range(100000000) b ORDER BY ALL`
	short = `SELECT 1::DECIMAL(18, 2) AS expected, 1::DECIMAL(18, 2) AS actual ORDER BY ALL`
)

// definition is a small report of the demo company's accounts, called "small", with one assert and one dataset.
func definition(assert, dataset string) fs.FS {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	return fstest.MapFS{
		"small/report.yaml": file(`
name: small
title: Small
timezone: Europe/Prague
currency: CZK
extract:
  accounts: {sql: accounts.sql, key: [id]}
validate:
  rules:
    - {rule: total, assert: assert.sql, tolerance: "0.00", severity: fail}
generate:
  datasets: {all: all.sql}
  document:
    - table: {title: All, dataset: all}
  formats: [html, csv]
`),
		"small/accounts.sql": file(`SELECT a.id::integer AS id, a.name::text AS name FROM finance.accounts AS a`),
		"small/assert.sql":   file(assert),
		"small/all.sql":      file(dataset),
	}
}

// stuckStore never ends a Put before its context does.
type stuckStore struct{ store.Store }

func (stuckStore) Put(ctx context.Context, _, _ string, _ store.Sum) error {
	<-ctx.Done()
	return context.Cause(ctx)
}
