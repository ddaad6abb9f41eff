// Package catalog holds the definitions that ship with monthend, one folder each: report.yaml and its .sql files. It stands on
// the ground floor beside report, which reads them. It runs none of their SQL and says nothing about definitions from elsewhere.
package catalog

import "embed"

// FS is the first layer of a report.Catalog: the folders of the shipped definitions.
//
//go:embed all:monthly-financials all:bank-reconciliation
var FS embed.FS
