// Package report is the vocabulary of monthend: the period, the key, the job, the definition, the rules, the datasets and
// the document. It stands on the ground floor: it does no network, knows no driver and imports nothing else of ours.
// What is done with these nouns is the business of pipeline.
package report

import "regexp"

// Key names one month of one report for one tenant. A key that was ever published has exactly one current version.
type Key struct {
	Report string
	Period Period
	Tenant string // "" when the report has no tenants
}

// NoTenant is how a missing tenant is written in paths and FIFO groups.
const NoTenant = "_"

var (
	namePattern   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,47}$`)
	tenantPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
)

// ValidName reports whether s may name a report: 1 to 48 of a-z, 0-9 and '-', not beginning with '-'.
func ValidName(s string) bool { return namePattern.MatchString(s) }

// ValidTenant reports whether s may name a tenant: 1 to 64 of letters, digits, '.', '_' and '-', beginning with a letter or
// digit. The empty string is "no tenant", not a tenant.
func ValidTenant(s string) bool { return tenantPattern.MatchString(s) }

// TenantPath is the tenant as it stands in paths and FIFO groups.
func (k Key) TenantPath() string {
	if k.Tenant == "" {
		return NoTenant
	}
	return k.Tenant
}

// Path is the folder of the key below the output root: report/tenant/period.
func (k Key) Path() string { return k.Report + "/" + k.TenantPath() + "/" + k.Period.String() }

// Group is the FIFO message group of the key's report and tenant.
func (k Key) Group() string { return k.Report + "/" + k.TenantPath() }

// String is the key as people read it: report period, and the tenant where there is one.
func (k Key) String() string {
	if k.Tenant == "" {
		return k.Report + " " + k.Period.String()
	}
	return k.Report + " " + k.Period.String() + " " + k.Tenant
}

// Outcome is what a request or a run ended in. The empty Outcome means that it has not ended.
type Outcome string

// The six outcomes. Every accepted request ends in exactly one of them.
const (
	Published  Outcome = "published"
	Duplicate  Outcome = "duplicate"
	Unchanged  Outcome = "unchanged"
	DataFailed Outcome = "data_failed"
	Failed     Outcome = "failed"
	Cancelled  Outcome = "cancelled"
)
